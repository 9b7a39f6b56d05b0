//! Who may come in, and what they have allowed: `hark users` and `hark policy`.

use serde_json::{Value, json};

use super::home::Home;

#[tokio::test]
async fn users_are_added_listed_and_shut_out() {
    let home = Home::without_model();
    assert_eq!(home.run(["users", "list"]).await.good(), "");
    let added = home.run(["users", "add", "ann", "--scopes", "speak,approve", "--commands-per-minute", "3"]);
    let token = added.await.good().trim().to_owned();
    assert_eq!(token.len(), 64, "the token and nothing else: {token}");
    home.run(["users", "add", "ann"]).await.refused(&["ann"]);
    home.run(["users", "add", "bob", "--scopes", "fly"]).await.miscalled(&["fly", "speak"]);
    let listed = home.run(["users", "list", "--json"]).await.good_json();
    assert_eq!(listed, [json!({"name": "ann", "scopes": ["speak", "approve"], "commandsPerMinute": 3})]);
    let told = home.run(["users", "list"]).await.good();
    assert!(told.contains("ann (speak, approve)") && !told.contains(&token), "{told}");
    home.run(["users", "remove", "ann"]).await.good();
    home.run(["users", "remove", "ann"]).await.refused(&["ann"]);
    assert_eq!(home.run(["users", "list"]).await.good(), "");
}

#[tokio::test]
async fn what_is_always_allowed_is_listed_and_withdrawn() {
    let home = Home::without_model();
    assert!(home.run(["policy"]).await.good().contains("nothing is always allowed"));
    let listed = home.run(["policy", "list", "--json"]).await.good_json();
    assert_eq!(listed.first().and_then(|all| all.get("allowances")), Some(&Value::Array(Vec::new())));
    home.run(["policy", "withdraw", "7"]).await.refused(&["7", "hark policy list"]);
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_told_with_its_line() {
    let home = Home::without_model();
    home.write(
        "hark.toml",
        "[[policy]]\ntool = \"desk.*\"\nthen = \"go\"\n\n[[policy]]\ntool = \"x.y\"\nthen = \"perhaps\"\n"
            .to_owned(),
    );
    home.run(["say", "hello"]).await.refused(&["policy rule 2", "line 5", "perhaps"]);
}
