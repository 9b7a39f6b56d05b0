//! A plan that needs a person's word: shown, agreed to once, remembered where the person says so.

use std::collections::BTreeMap;
use std::time::Duration;

use hark::domain::UserId;
use hark::policy::{Policy, Rule};
use serde_json::{Value, json};

use super::house::{House, tool};

fn rule(tool: &str, when: &[(&str, &str)], then: &str) -> Rule {
    let when: BTreeMap<_, _> = when.iter().map(|(name, like)| ((*name).into(), (*like).into())).collect();
    Rule::new(tool, when, then).expect("a rule")
}

async fn house(name: &str, policy: Policy) -> House {
    let files = json!([
        tool("write", &["path", "content"], json!({"destructiveHint": true, "openWorldHint": false})),
        tool("look", &["path"], json!({"readOnlyHint": true, "openWorldHint": false})),
    ]);
    House::open(name, policy, &[("files", None, files)]).await
}

fn write(path: &str, content: &str) -> Value {
    json!([{"service": "files", "tool": "write", "params": {"path": path, "content": content}}])
}

fn code(outcome: &hark::domain::Outcome) -> &str {
    outcome.error.as_ref().map_or("", |error| error.code.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_carries_out_the_very_plan_that_was_shown_and_only_once() {
    let house = house("once", Policy::default()).await;
    let asked = house.say("a", "write milk to a.txt", &write("a.txt", "mi\u{200B}lk")).await;
    assert!(asked.needs_clarification && house.calls().is_empty(), "{asked:#?}");
    let question = asked.clarification_question.expect("a question");
    assert!(question.contains("files.write (path: “a.txt”, content: “mi[U+200B]lk”)"), "{question}");
    let done = house.answer("a", "yes").await;
    assert!(done.success, "{done:#?}");
    let again = house.answer("a", "yes").await;
    assert_eq!((code(&again), house.calls().len()), ("approval_void", 1), "{again:#?}");

    let refused = house.say("b", "write milk to b.txt", &write("b.txt", "milk")).await;
    assert!(refused.needs_clarification);
    assert!(!house.answer("b", "no").await.success);
    assert_eq!(house.calls().len(), 1);
    // Two that say yes at once are one yes.
    house.say("c", "write milk to c.txt", &write("c.txt", "milk")).await;
    let (one, two) = tokio::join!(house.answer("c", "yes"), house.answer("c", "yes"));
    assert_eq!([one.success, two.success].iter().filter(|success| **success).count(), 1);
    assert_eq!(house.calls().len(), 2);
    let read = json!([{"service": "files", "tool": "look", "params": {"path": "a.txt"}}]);
    assert!(house.say("d", "look at a.txt", &read).await.success);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_does_nothing() {
    let house = house("late", Policy::new(Vec::new(), Duration::ZERO)).await;
    assert!(house.say("a", "write milk to a.txt", &write("a.txt", "milk")).await.needs_clarification);
    let late = house.answer("a", "yes").await;
    assert_eq!((code(&late), house.calls().len()), ("approval_void", 0), "{late:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn always_is_remembered_for_calls_like_it_until_it_is_withdrawn() {
    let house = house("always", Policy::default()).await;
    assert!(house.say("a", "write milk to a.txt", &write("a.txt", "milk")).await.needs_clarification);
    assert!(house.answer("a", "Always allow this.").await.success);
    assert!(house.say("b", "write eggs to a.txt", &write("a.txt", "eggs")).await.success);
    assert!(house.say("c", "write eggs to b.txt", &write("b.txt", "eggs")).await.needs_clarification);
    let (user, store) = (UserId::local(), &house.app.store);
    let allowed = store.allowances(&user, None).await.expect("a list");
    assert_eq!((allowed.len(), &allowed[0].calls.any), (1, &vec!["content".to_owned()]));
    assert!(store.withdraw(&user, allowed[0].id).await.expect("written"));
    assert!(!store.withdraw(&user, allowed[0].id).await.expect("read"));
    assert!(house.say("d", "write eggs to a.txt", &write("a.txt", "eggs")).await.needs_clarification);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_rule_that_fits_wins_and_no_path_slips_by_it() {
    let rules = vec![
        rule("files.write", &[("path", "/etc/*")], "forbid"),
        rule("files.w*", &[("path", "/tmp/*")], "go"),
        rule("*.look", &[], "ask"),
    ];
    let house = house("rules", Policy::new(rules, Duration::from_secs(60))).await;
    assert!(house.say("a", "write x to /tmp/a", &write("/tmp/a", "x")).await.success);
    for path in ["/etc/passwd", "/tmp/../etc/passwd"] {
        let outcome = house.say("b", &format!("write x to {path}"), &write(path, "x")).await;
        assert_eq!(code(&outcome), "forbidden", "{outcome:#?}");
    }
    let outcome = house.say("c", "write x to /tmp/../home", &write("/tmp/../home", "x")).await;
    assert!(outcome.needs_clarification);
    let read = json!([{"service": "files", "tool": "look", "params": {"path": "a"}}]);
    assert!(house.say("d", "look at a", &read).await.needs_clarification);
    assert_eq!(house.calls().len(), 1);
}
