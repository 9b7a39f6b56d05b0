//! `hark tools`: the list, and calls by hand.

use serde_json::Value;

use super::home::Home;

#[tokio::test]
async fn tools_are_listed_under_their_servers() {
    let home = Home::without_model();
    home.write_shed("broken-schema");
    let listed = home.run(["tools"]).await.good();
    for line in ["desk (ready)", "shed (ready)"] {
        assert!(listed.lines().any(|other| other == line), "{line:?}: {listed}");
    }
    let tool =
        |name: &str| listed.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
    assert!(tool("calculate ").len() > "  calculate ".len(), "with its description: {listed}");
    assert!(tool("bad_type ").contains("left out: "), "{listed}");
    assert_eq!(home.run(["tools", "list"]).await.good(), listed);
}

#[tokio::test]
async fn as_json_each_tool_has_its_schema_and_each_server_its_state() {
    let home = Home::without_model();
    home.write_shed("refuses");
    let [told] = &home.run(["tools", "--json"]).await.good_json()[..] else { panic!("one line") };
    let tools = told["tools"].as_array().unwrap();
    let calculate = tools.iter().find(|tool| tool["name"] == "desk.calculate").unwrap();
    assert_eq!(calculate["inputSchema"]["required"][0], "expression");
    assert_eq!(calculate["annotations"]["readOnly"], true);
    assert!(tools.iter().all(|tool| tool["inputSchema"].is_object() && tool["description"].is_string()));
    let server = |key: &str| {
        told["servers"].as_array().unwrap().iter().find(|server| server["key"] == key).unwrap().clone()
    };
    assert_eq!(server("desk")["state"], "ready");
    assert_eq!(server("desk")["error"], Value::Null);
    assert!(server("shed")["error"].as_str().unwrap().contains("the licence has run out"));
}

#[tokio::test]
async fn a_call_prints_what_the_tool_says() {
    let home = Home::without_model();
    let call = ["tools", "call", "desk.calculate", r#"{"expression": "17 * 4"}"#];
    assert!(home.run(call).await.good().contains("68"));
    let [told] = &home.run(call.into_iter().chain(["--json"])).await.good_json()[..] else {
        panic!("one line")
    };
    assert!(told.is_object() && told.to_string().contains("68"), "{told}");
    assert!(
        !home.run(["tools", "call", "desk.show_lists"]).await.good().trim().is_empty(),
        "no arguments needed"
    );
}

#[tokio::test]
async fn a_call_that_cannot_be_is_refused_with_the_reason() {
    let home = Home::without_model();
    home.write_shed("dies-at-once");
    for (name, arguments, words) in [
        ("desk.calcualte", "{}", &["calcualte", "hark tools"][..]),
        ("attic.look", "{}", &["attic", "hark tools"]),
        ("shed.good", "{}", &["shed is not connected", "no licence found"]),
        ("desk.calculate", "17 * 4", &["the arguments are no JSON", "line 1"]),
        ("desk.calculate", "[1]", &["do not fit desk.calculate", "object"]),
        ("desk.calculate", "{}", &["do not fit desk.calculate", "expression"]),
        ("desk.add_to_list", r#"{"list": 5}"#, &["do not fit desk.add_to_list", "list", "item", "string"]),
    ] {
        home.run(["tools", "call", name, arguments]).await.refused(words);
    }
}

#[tokio::test]
async fn a_tool_that_fails_is_told_and_ends_with_one() {
    let home = Home::without_model();
    let ran = home.run(["tools", "call", "desk.calculate", r#"{"expression": "milk"}"#]).await;
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(ran.out.contains("milk"), "in the tool's words: {ran:#?}");

    home.write_shed("dies-on-call");
    home.run(["tools", "call", "shed.good"]).await.refused(&["shed", "the disk is full"]);
    home.write_shed("hangs-on-call");
    let home = home.with("HARK_TOOLS__CALL_SECONDS", "1");
    home.run(["tools", "call", "shed.good"]).await.refused(&["shed.good", "no answer within 1 s"]);
}

#[tokio::test]
async fn a_call_waits_for_no_server_but_its_own() {
    // The other one never answers, and a minute would be waited for it.
    let home = Home::without_model().with("HARK_TOOLS__CONNECT_SECONDS", "3600");
    home.write_shed("hangs-on-initialize");
    home.run(["tools", "call", "desk.current_time"]).await.good();
}

#[tokio::test]
async fn a_disabled_server_is_told_as_such() {
    let home = Home::without_model();
    home.write("mcp.json", r#"{"mcpServers": {"shed": {"command": "none", "disabled": true}}}"#);
    home.run(["tools", "call", "shed.good"]).await.refused(&["shed is disabled", "mcp.json"]);
    assert!(home.run(["tools"]).await.good().contains("shed (off)"));
}
