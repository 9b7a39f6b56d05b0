//! `hark doctor`: what is well, what is not, and the command that mends it.

use serde_json::Value;

use super::home::Home;

/// The finding about something.
fn finding<'a>(findings: &'a [Value], what: &str) -> &'a Value {
    findings.iter().find(|finding| finding["what"] == what).unwrap_or_else(|| panic!("{what}: {findings:#?}"))
}

/// Fails unless everything that is not good names what mends it.
fn assert_mendable(findings: &[Value]) {
    for finding in findings {
        assert_eq!(finding["health"] == "good", finding["mend"] == Value::Null, "{finding}");
        assert!(finding["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{finding}");
    }
}

#[tokio::test]
async fn where_all_is_well_it_says_so() {
    let home = Home::new();
    home.write("mcp.json", r#"{"mcpServers": {"later": {"command": "none", "disabled": true}}}"#);
    let findings = home.run(["doctor", "--json"]).await.good_json();
    assert_mendable(&findings);
    for what in ["settings", "data", "address", "language model", "server desk", "server later"] {
        assert_eq!(finding(&findings, what)["health"], "good", "{findings:#?}");
    }
    assert!(finding(&findings, "server desk")["detail"].as_str().unwrap().contains("tools"));
    // The small speech model works and could be better.
    let speech = finding(&findings, "speech model");
    assert_eq!(
        (&speech["health"], &speech["mend"]),
        (&"fair".into(), &"hark models fetch base.en-q8_0".into())
    );

    let told = home.run(["doctor"]).await.good();
    assert!(told.lines().any(|line| line.starts_with("ok    language model")), "{told}");
    assert!(told.contains("→ hark models fetch base.en-q8_0"), "{told}");
}

#[tokio::test]
async fn each_thing_that_is_broken_is_told_with_what_mends_it() {
    let home = Home::without_model();
    home.write_shed("dies-at-once");
    let ran = home.run(["doctor", "--json"]).await;
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let findings = ran.json();
    assert_mendable(&findings);
    let model = finding(&findings, "language model");
    assert_eq!(
        (&model["health"], &model["mend"]),
        (&"bad".into(), &"hark models fetch smollm2-135m-instruct".into())
    );
    let shed = finding(&findings, "server shed");
    assert!(shed["detail"].as_str().unwrap().contains("no licence found"), "{shed}");
    assert!(shed["mend"].as_str().unwrap().contains("mcp.json"), "{shed}");
    assert_eq!(finding(&findings, "server desk")["health"], "good", "{findings:#?}");

    let told = home.run(["doctor"]).await;
    assert_eq!(told.code, Some(1), "{told:#?}");
    for line in ["BAD   language model", "→ hark models fetch smollm2-135m-instruct", "BAD   server shed"] {
        assert!(told.out.contains(line), "{line:?}: {told:#?}");
    }
}

#[tokio::test]
async fn a_tool_that_is_left_out_is_told_and_is_no_fault_of_hark() {
    let home = Home::new();
    home.write_shed("broken-schema");
    let findings = home.run(["doctor", "--json"]).await.good_json();
    assert_mendable(&findings);
    assert_eq!(finding(&findings, "server shed")["health"], "good");
    assert_eq!(finding(&findings, "tool shed.bad_type")["health"], "fair");
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_used_is_told_and_the_rest_is_still_looked_at() {
    let home = Home::without_model();
    std::fs::write(home.data(), "a file").unwrap();
    let ran = home.run(["doctor", "--json"]).await;
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let findings = ran.json();
    assert_mendable(&findings);
    let data = finding(&findings, "data");
    assert!(data["mend"].as_str().unwrap().contains("HARK_DATA_DIR="), "{data}");
    assert_eq!(finding(&findings, "server desk")["health"], "bad", "{findings:#?}");
    assert_eq!(finding(&findings, "speech model")["health"], "fair", "{findings:#?}");
}

#[tokio::test]
async fn what_is_taken_missing_or_unknown_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::without_model()
        .with("HARK_SERVER__BIND", taken.local_addr().unwrap().to_string())
        .with("HARK_LLM__BASE_URL", format!("http://{}/v1", std::net::Ipv4Addr::LOCALHOST))
        .with("HARK_SPEECH__MODEL", "base.en-q8_0");
    let ran = home.run(["doctor", "--json"]).await;
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let findings = ran.json();
    assert_mendable(&findings);
    let address = finding(&findings, "address");
    assert_eq!(
        (&address["health"], &address["mend"]),
        (&"fair".into(), &"hark serve --bind 127.0.0.1:0".into())
    );
    assert!(finding(&findings, "language model")["mend"].as_str().unwrap().contains("http://127.0.0.1/v1"));
    assert_eq!(finding(&findings, "speech model")["mend"], "hark models fetch base.en-q8_0");
}
