//! `hark eval`: rated commands, the tools that they are meant for, and what is told of them.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use std::fs;

use serde_json::{Value, json};

use super::home::Home;

fn rows(home: &Home, rows: &[Value]) {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    fs::write(home.work().join("mine.jsonl"), lines.join("\n")).unwrap();
}

#[tokio::test]
async fn a_users_own_commands_are_rated_over_the_connected_servers() {
    let home = Home::new().with("HARK_PLANNER__PROFILE", "trained");
    let step =
        |tool: &str, params: Value| json!({"steps": [{"service": "desk", "tool": tool, "params": params}]});
    rows(
        &home,
        &[
            json!({"id": "1", "text": "which lists are there", "gold": step("show_lists", json!({}))}),
            json!({"id": "2", "text": "sing me a song", "gold": {"none": true}}),
            json!({"id": "3", "text": "seven minutes", "gold": step("set_timer", json!({"duration": ["seven minutes"], "name": [""]})),
                "history": [{"said": "set a timer", "asked": {"text": "How long?", "tool": "desk.set_timer", "missing": "duration"}}]}),
        ],
    );
    let run = home.run([
        "eval",
        "mine.jsonl",
        "--connected",
        "--json",
        "--rows",
        "each.jsonl",
        "--curve",
        "risk.svg",
    ]);
    let [told] = &run.await.good_json()[..] else { panic!("one line") };
    assert_eq!((&told["rows"], &told["rates"]["right tools"]["of"]), (&json!(3), &json!(2)));
    assert!(told["decider"].as_str().unwrap().contains("SHA-256"), "{told}");
    assert!(told["riskCurve"].as_array().unwrap().len() == 3, "{told}");
    let each = fs::read_to_string(home.work().join("each.jsonl")).unwrap();
    let each: Vec<Value> = each.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(each.len(), 3);
    assert!(each.iter().all(|row| row["evidence"]["mass"].is_number()), "{each:?}");
    assert!(fs::read_to_string(home.work().join("risk.svg")).unwrap().starts_with("<svg"));
    let lists = home.run(["tools", "call", "desk.show_lists"]).await.good();
    assert!(!lists.contains("song"), "nothing is carried out: {lists}");
}

#[tokio::test]
async fn the_ranking_is_rated_without_a_model() {
    let home = Home::without_model();
    rows(
        &home,
        &[
            json!({"id": "1", "text": "show lists", "gold": {"steps": [{"service": "desk", "tool": "show_lists", "params": {}}]}}),
        ],
    );
    let told = home.run(["eval", "mine.jsonl", "--connected", "--baseline"]).await.good();
    assert!(told.contains("no model") && told.contains("right tools among the 3 best-ranked"), "{told}");
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_with_the_line() {
    let home = Home::without_model();
    fs::write(home.work().join("mine.jsonl"), "{\"id\": \"1\"}\n").unwrap();
    home.run(["eval", "mine.jsonl", "--baseline"]).await.refused(&["line 1", "mine.jsonl"]);
    home.run(["eval", "nowhere.jsonl", "--baseline"]).await.refused(&["nowhere.jsonl", "can't be read"]);
    rows(&home, &[json!({"id": "7", "text": "hi", "gold": {"none": true}})]);
    home.run(["eval", "mine.jsonl", "--baseline"]).await.refused(&["row 7", "--registry"]);
    home.run(["eval", "mine.jsonl", "--baseline", "--registry", "x"]).await.refused(&["x.registry.json"]);
}
