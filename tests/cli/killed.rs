//! `kill -9` at random points of commands with effects: the real service, a real server that counts what
//! it carries out, and the same data folder after each restart. Nothing is ever done twice, and nothing
//! is done that the history does not tell of as done or unknown.
//!
//! Ten points in the ordinary run; `make kill-test` has 200. `HARK_KILL_SEED` chooses others.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::routing::post;
use axum::{Json, Router};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::home::{Home, PATIENCE, project};

/// Effects of one command, one after the other.
const EFFECTS: [&str; 3] = ["a", "b", "c"];
/// From the request to beyond the end of an undisturbed command: what lies between is hit at random.
const WINDOW_MS: u64 = 300;

/// A language model that plans the effects of the job that it is asked for.
async fn model() -> (String, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/chat/completions", post(plan));
    let served = TaskTracker::new().spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, AbortOnDropHandle::new(served))
}

async fn plan(Json(request): Json<Value>) -> Json<Value> {
    let asked = request["messages"].to_string();
    let job: String = asked.rsplit("job-").next().unwrap().chars().take_while(char::is_ascii_digit).collect();
    let step = |effect| json!({"service": "counting", "tool": "act", "params": {"name": format!("job-{job}-{effect}")}});
    let draft = json!({"selectedTools": EFFECTS.map(step)});
    let message = json!({"role": "assistant", "content": draft.to_string()});
    Json(json!({"choices": [{"message": message, "finish_reason": "stop"}]}))
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// The service, and what it works on.
struct Killed {
    home: Home,
    effects: PathBuf,
    client: Client,
    child: Child,
    address: String,
}

impl Killed {
    async fn start(home: Home, effects: PathBuf) -> Self {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let (child, address) = serve(&home).await;
        Self { home, effects, client, child, address }
    }

    fn command(&self, job: usize) -> reqwest::RequestBuilder {
        let body = json!({"text": format!("carry out job-{job}")});
        let request = self.client.post(format!("{}api/voice/command", self.address)).json(&body);
        request.header("Idempotency-Key", format!("\"key-{job}\""))
    }

    /// How often each effect of a job was carried out.
    fn counts(&self, job: usize) -> [usize; 3] {
        let text = fs::read_to_string(&self.effects).unwrap_or_default();
        EFFECTS.map(|effect| text.lines().filter(|line| **line == format!("job-{job}-{effect}")).count())
    }

    /// Ends the service as a power cut would, waits until its servers have ended too, and starts it again.
    async fn kill_and_restart(&mut self) {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
        tokio::time::timeout(PATIENCE, async {
            while !self.home.processes().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("servers end when nobody speaks to them");
        (self.child, self.address) = serve(&self.home).await;
    }

    /// Waits until the first effect of a job is there.
    async fn first_effect(&self, job: usize) {
        let seen = async {
            while self.counts(job)[0] == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.expect("an effect");
    }
}

async fn serve(home: &Home) -> (Child, String) {
    let mut child = home.hark(["serve"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).await.unwrap();
    child.stdout = Some(out.into_inner());
    let address = line.trim().strip_prefix("Hark is at ").unwrap_or_else(|| panic!("no address: {line:?}"));
    (child, address.to_owned())
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

fn servers(effects: &Path) -> String {
    let script = project().join("fixtures/servers/counting.py");
    json!({"mcpServers": {"counting": {"command": "python3", "args": [script, effects]}}}).to_string()
}

#[tokio::test]
async fn no_effect_is_doubled_or_lost_when_it_is_killed_at_any_point() {
    let points = number("HARK_KILL_POINTS", 10) as usize;
    let mut dice = Dice(number("HARK_KILL_SEED", 6));
    let (base, _model) = model().await;
    let home = Home::without_model()
        .with("HARK_LLM__BASE_URL", base)
        .with("HARK_LLM__MODEL", "scripted")
        .with("HARK_TOOLS__DESK", "false")
        .with("HARK_SERVER__COMMANDS_PER_MINUTE", "100000");
    let effects = home.work().join("effects");
    home.write("mcp.json", servers(&effects));
    // The server says nothing of its tool, so that it would be asked about.
    home.write("hark.toml", "[[policy]]\ntool = \"counting.act\"\nthen = \"go\"\n");
    let mut hark = Killed::start(home, effects).await;
    // The first answer waits for the server; the points are to lie in what comes after.
    assert_eq!(hark.command(points).send().await.unwrap().status(), 200);

    let (mut interrupted, mut unknown, mut begun_anew, mut whole) = (0, 0, 0, 0);
    let (mut doubled, mut unreported) = (0, 0);
    for job in 0..points {
        let pending = TaskTracker::new().spawn(hark.command(job).send());
        match job % 4 {
            3 => hark.first_effect(job).await,
            _ => tokio::time::sleep(Duration::from_millis(dice.below(WINDOW_MS))).await,
        }
        hark.kill_and_restart().await;
        pending.await.unwrap().ok();
        let before = hark.counts(job);

        let answer: Value = hark.command(job).send().await.unwrap().json().await.unwrap();
        let result = if answer["outcome"].is_object() { &answer["outcome"] } else { &answer };
        let counts = hark.counts(job);
        doubled += counts.iter().filter(|count| **count > 1).count();
        let was_cut = result["error"]["code"] == "interrupted";
        interrupted += usize::from(was_cut);
        whole += usize::from(!was_cut && before == [1; 3]);
        begun_anew += usize::from(!was_cut && before == [0; 3]);
        if was_cut {
            assert_eq!(counts, before, "a command that was cut off is never run again: {result}");
        } else {
            assert_eq!((result["success"].as_bool(), counts), (Some(true), [1; 3]), "{answer}");
        }
        for (index, count) in counts.into_iter().enumerate() {
            let receipts = result["results"].as_array().unwrap();
            let receipt = receipts.iter().find(|receipt| receipt["step"] == index + 1);
            let status = receipt.map_or("none", |receipt| receipt["status"].as_str().unwrap());
            unknown += usize::from(status == "unknown");
            match status {
                "done" => assert_eq!(count, 1, "it is told of as done: {result}"),
                "unknown" => {}
                "skipped" | "cancelled" | "none" => unreported += count,
                other => panic!("{other}: {result}"),
            }
        }
        let reply = result["reply"].as_str().unwrap();
        assert_eq!(
            reply.contains("do not know whether"),
            result["results"].to_string().contains("unknown"),
            "{reply}"
        );
        // The history tells the same without being asked with the key.
        let path = format!("{}api/voice/commands/{}", hark.address, result["commandId"].as_str().unwrap());
        let view: Value = hark.client.get(path).send().await.unwrap().json().await.unwrap();
        assert_eq!(view["outcome"]["reply"], result["reply"], "{view}");
        assert_eq!(view["status"], if was_cut { "lost" } else { "done" });
    }
    println!(
        "{points} points: {interrupted} commands cut off ({unknown} steps unknown), {whole} over before, \
         {begun_anew} begun after; effects doubled {doubled}, done and not reported {unreported}"
    );
    assert_eq!((doubled, unreported), (0, 0));
    assert!(interrupted > 0, "the points lie beside the commands");
    hark.child.start_kill().unwrap();
    hark.child.wait().await.unwrap();
}
