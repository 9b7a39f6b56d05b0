//! Plans that cannot be right: none of their calls leaves the process.

use hark::policy::Policy;
use serde_json::{Value, json};

use super::house::{House, tool};

fn call(tool: &str, params: Value) -> Value {
    json!({"service": "shop", "tool": tool, "params": params})
}

/// 100 plans of six kinds; each has a good step, too, which must not be carried out either.
fn spoiled() -> Vec<Value> {
    let good = || call("look", json!({"what": "milk"}));
    (0..100)
        .map(|number| {
            let name = format!("n{number}");
            let bad = match number % 6 {
                0 => call(&name, json!({})),
                1 => call("order", json!({"what": name})),
                2 => call("order", json!({"what": name, "count": {"many": number}})),
                3 => call("order", json!({"what": name, "count": "1", name: 1})),
                4 => call("order", json!({"what": {"$step": number + 3}, "count": "1"})),
                // A circle: the first step waits for the second, which waits for the first.
                _ => call("order", json!({"what": {"$step": 2}, "count": {"$step": 1}})),
            };
            if number % 2 == 0 { json!([bad, good()]) } else { json!([good(), bad]) }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_of_a_spoiled_plan_leaves_the_process() {
    let tools = json!([
        tool("look", &["what"], json!({"readOnlyHint": true, "openWorldHint": false})),
        tool("order", &["what", "count"], json!({"destructiveHint": false, "openWorldHint": false})),
    ]);
    let house = House::open("spoiled", Policy::default(), &[("shop", None, tools)]).await;
    for (number, plan) in spoiled().iter().enumerate() {
        let outcome = house.say(&format!("s{number}"), "order some milk", plan).await;
        assert!(!outcome.success && outcome.results.is_empty(), "{plan}: {outcome:#?}");
    }
    assert_eq!(house.calls(), Vec::<Value>::new());
    let right = json!([call("order", json!({"what": "milk", "count": "1"}))]);
    assert!(house.say("right", "order one milk", &right).await.success);
    assert_eq!(house.calls().len(), 1);
}
