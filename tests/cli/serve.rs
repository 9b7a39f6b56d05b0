//! `hark serve`: where it listens, what it refuses, and how it ends.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use std::net::TcpListener;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::endpoint::{Endpoint, plan};
use super::home::{Home, KEY, Ran};

/// A service that is up.
struct Service {
    child: Child,
    address: String,
    client: Client,
}

impl Service {
    async fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home.hark(["serve"].iter().chain(arguments)).spawn().unwrap();
        let mut line = String::new();
        // The rest of the output stays in the pipe, which is handed back.
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).await.unwrap();
        child.stdout = Some(out.into_inner());
        let address =
            line.trim().strip_prefix("Hark is at ").unwrap_or_else(|| panic!("no address: {line:?}"));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { child, address: address.to_owned(), client }
    }

    async fn get(&self, path: &str) -> StatusCode {
        self.client.get(format!("{}{path}", self.address)).send().await.unwrap().status()
    }

    fn command(&self, text: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}api/voice/command", self.address)).json(&json!({"text": text}))
    }

    /// Sends a signal and waits for the end.
    async fn end(self, home: &Home, signal: &str) -> Ran {
        let pid = self.child.id().unwrap().to_string();
        assert!(home.program("kill").args([signal, &pid]).status().await.unwrap().success());
        // A connection that is kept open must not hold it up, so that the client is dropped after it.
        home.end(self.child).await
    }
}

#[tokio::test]
async fn it_carries_out_commands_and_ends_with_its_processes_when_it_is_told_to() {
    let home = Home::new();
    let service = Service::start(&home, &[]).await;
    assert!(service.address.starts_with("http://127.0.0.1:"), "{}", service.address);
    assert_eq!(service.get("").await, StatusCode::OK, "the page");
    assert_eq!(service.get("healthz").await, StatusCode::OK);
    let answer = service.command("add milk to the shopping list").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let result: Value = answer.json().await.unwrap();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(service.get("readyz").await, StatusCode::OK, "once a command was carried out");

    let processes = home.processes();
    for name in ["hark serve", "hark desk", "hark-llm"] {
        assert!(processes.iter().any(|line| line.contains(name)), "{name}: {processes:?}");
    }
    let ran = service.end(&home, "-TERM").await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:#?}");
    assert!(ran.err.contains("hark models fetch base.en-q8_0"), "which model listens: {ran:#?}");
}

#[tokio::test]
async fn an_interrupt_ends_it_in_the_middle_of_a_command() {
    let model = Endpoint::hanging().await;
    let home = model.home();
    let service = Service::start(&home, &[]).await;
    let waiting = service.command("add milk").send();
    let (answer, ran) = tokio::join!(waiting, async {
        model.arrival().await;
        let pid = service.child.id().unwrap().to_string();
        assert!(home.program("kill").args(["-INT", &pid]).status().await.unwrap().success());
        home.end(service.child).await
    });
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    // Whoever waits is told, unless the connection was gone before.
    assert!(answer.is_err() || answer.is_ok_and(|answer| !answer.status().is_success()));
}

#[tokio::test]
async fn an_address_for_others_needs_a_token_and_then_everybody_does() {
    let home = Home::without_model();
    home.run(["serve", "--bind", "0.0.0.0:0"]).await.refused(&["HARK_SERVER__TOKEN", "bind to 127.0.0.1"]);
    let home = home.with("HARK_SERVER__TOKEN", "short");
    home.run(["serve", "--bind", "0.0.0.0:0"]).await.refused(&["5 characters", "openssl rand"]);

    let model = Endpoint::saying([plan("desk", "show_lists", json!({}))]).await;
    let home = model.home().with("HARK_SERVER__TOKEN", KEY);
    let mut service = Service::start(&home, &["--bind", "0.0.0.0:0"]).await;
    service.address = service.address.replace("0.0.0.0", "127.0.0.1");
    assert_eq!(service.get("healthz").await, StatusCode::OK);
    assert_eq!(service.get("api/tools").await, StatusCode::UNAUTHORIZED);
    assert_eq!(service.command("hi").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let answer = service.command("which lists are there").bearer_auth(KEY).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(service.end(&home, "-TERM").await.code, Some(0));
}

#[tokio::test]
async fn an_address_that_is_taken_or_none_is_told_with_the_way_out() {
    let home = Home::without_model();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.run(["serve", "--bind", &address]).await.refused(&[&address, "in use", "--bind 127.0.0.1:0"]);
    home.run(["serve", "--bind", "here"]).await.refused(&["here", "127.0.0.1:7380"]);
    // It is not this machine's.
    home.run(["serve", "--bind", "192.0.2.1:7380"]).await.refused(&["192.0.2.1"]);
}
