//! `hark desk`, as another host starts it.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::home::Home;

#[tokio::test]
async fn another_host_can_use_the_desk_over_stdio() {
    let home = Home::without_model();
    // What other servers would need is not the desk's business.
    home.write("mcp.json", r#"{"mcpServers": {"a": {"command": "${NOT_SET}"}}}"#);
    let mut child = home.hark(["desk"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let hello = json!({
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "host", "version": "1"}
    });
    let say = |id: u64, method: &str, params: Value| {
        format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    };
    input.write_all(say(1, "initialize", hello).as_bytes()).await.unwrap();
    let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18", "{answer}");
    assert!(answer["result"]["capabilities"]["tools"].is_object(), "{answer}");

    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    input.write_all(format!("{ready}\n").as_bytes()).await.unwrap();
    input.write_all(say(2, "tools/list", json!({})).as_bytes()).await.unwrap();
    let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    let tools = answer["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "add_to_list"), "{answer}");

    let call = json!({"name": "add_to_list", "arguments": {"list": "shopping", "item": "milk"}});
    input.write_all(say(3, "tools/call", call).as_bytes()).await.unwrap();
    let told: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(told["method"], "notifications/resources/list_changed", "{told}");
    let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!(answer["result"]["isError"], false, "{answer}");

    // Nothing but the protocol is printed, and the end of the input is the end of the desk.
    drop(input);
    assert_eq!(lines.next_line().await.unwrap(), None);
    let ran = home.end(child).await;
    assert_eq!((ran.err.as_str(), ran.code), ("", Some(0)), "{ran:#?}");
    home.write("mcp.json", r#"{"mcpServers": {}}"#);
    let shown = home.run(["tools", "call", "desk.show_list", r#"{"list": "shopping"}"#]).await.good();
    assert!(shown.contains("milk"), "the same desk as Hark's: {shown}");
}

#[tokio::test]
async fn a_desk_without_a_client_ends_with_a_sentence() {
    let ran = Home::without_model().run(["desk"]).await;
    assert!(ran.code.is_some_and(|code| code <= 1), "{ran:#?}");
    let home = Home::without_model();
    std::fs::write(home.data(), "a file").unwrap();
    home.run(["desk"]).await.refused(&["could not", "check that the folder is there"]);
}
