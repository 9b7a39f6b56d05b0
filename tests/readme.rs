//! Every command of README.md and docs/http.md is run as it is written, in order, by somebody who has
//! nothing yet but the build. Only the address is another, since a developer's own Hark may be at 7380.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "what cannot be set up fails the test, and the build needs the environment that made it"
)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::cli::home::{Home, Ran, project};

/// The address in the texts.
const ADDRESS: &str = "127.0.0.1:7380";
/// The only command that is not run here, since it is the one that runs this.
const THE_ONE_THAT_RUNS: &str = "make test";

/// What each command of README.md must show, in the order in which they stand there. A command that
/// is added there must be added here.
const README: &[(&str, &[&str])] = &[
    (
        "make run ",
        &[
            "could not fetch base.en-q8_0",
            "hears synthetic voices well",
            "Heard: Add milk to the shopping list",
            "→ desk.add_to_list {",
            "│ ",
            "RUN_ONCE=1",
        ],
    ),
    ("make test ", &[]),
    ("hark say \"add milk", &["→ desk.add_to_list {", "│ ", "milk"]),
    ("hark say --audio ", &["Heard: ", "→ desk.add_to_list {", "│ "]),
    ("hark say --dry-run ", &["→ desk.current_time", "This is what I would do"]),
    ("hark transcribe ", &["milk to the shopping list"]),
    ("hark tools", &["desk (ready)", "add_to_list"]),
    ("hark tools call ", &["68"]),
    ("hark models list", &["base.en-q8_0", "smollm2-135m-instruct"]),
    ("hark doctor", &["ok    language model", "ok    server desk"]),
    ("curl -s http://127.0.0.1:7380/api/voice/command ", &["\"success\":true", "milk"]),
    ("curl -sN http://127.0.0.1:7380/api/voice/command ", &["event: planned", "event: completed"]),
    (
        "curl -s http://127.0.0.1:7380/v1/audio/transcriptions ",
        &["{\"text\":\"Add milk to the shopping list.\"}"],
    ),
    ("curl -s http://127.0.0.1:7380/api/tools", &["desk.calculate"]),
    ("curl -s http://127.0.0.1:7380/readyz", &["\"status\":\"ready\""]),
    ("cp mcp.example.json mcp.json", &[]),
];

/// The same for docs/http.md.
const HTTP: &[(&str, &[&str])] = &[
    ("curl -H 'Content-Type: application/json' ", &["\"success\":true", "\"events\":["]),
    ("curl -N -H 'Content-Type: audio/wav' ", &["event: planned", "event: completed"]),
    ("curl -H 'Idempotency-Key: ", &["\"success\":true", "\"events\":["]),
    ("curl -F file=@command.webm ", &["\"sessionId\":\"kitchen\"", "\"transcript\""]),
];

fn text(name: &str) -> String {
    fs::read_to_string(project().join(name)).unwrap()
}

/// The blocks of code in that language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let parts = text.split(&opening).skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Each command line of the shell, with what it must show.
fn commands(name: &str, known: &'static [(&str, &[&str])]) -> Vec<(String, &'static [&'static str])> {
    let blocks = blocks(&text(name), "sh");
    let lines: Vec<_> =
        blocks.iter().flat_map(|block| block.lines()).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), known.len(), "{name} has these commands: {lines:#?}");
    let pairs = lines.into_iter().zip(known).map(|(line, (start, shown))| {
        assert!(line.starts_with(start), "{name}: {line:?} stands where {start:?} is expected");
        (line.to_owned(), *shown)
    });
    pairs.collect()
}

/// Somebody who reads the text and types what stands there.
struct Reader {
    home: Home,
    /// `hark serve` in another terminal, and where it is.
    service: Option<(Child, String)>,
}

impl Reader {
    /// Has the project's files at hand, the build on the path, and no Hark of before.
    fn new() -> Self {
        let home = Home::new();
        symlink(project().join("fixtures"), home.work().join("fixtures")).unwrap();
        fs::copy(project().join("mcp.example.json"), home.work().join("mcp.example.json")).unwrap();
        // An answer that is an error is one for the shell, too.
        fs::write(home.path().join(".curlrc"), "fail-with-body\nshow-error\n").unwrap();
        Self { home, service: None }
    }

    async fn type_in(&mut self, line: &str, shown: &[&str]) {
        let command = line.split(" #").next().unwrap_or_default().trim();
        if command == THE_ONE_THAT_RUNS {
            return;
        }
        let child = match command.starts_with("make ") {
            true => self.in_the_project(command),
            false => self.at_home(command).await,
        };
        let ran = self.home.wait(child.unwrap()).await;
        self.assert_shown(command, &ran, shown);
    }

    fn assert_shown(&self, command: &str, ran: &Ran, shown: &[&str]) {
        assert_eq!(ran.code, Some(0), "{command}: {ran:#?}");
        assert!(!ran.out.contains("event: error"), "{command}: {ran:#?}");
        for words in shown {
            assert!(ran.out.contains(words) || ran.err.contains(words), "{command}: no {words:?}: {ran:#?}");
        }
    }

    async fn at_home(&mut self, command: &str) -> std::io::Result<Child> {
        let command = match command.contains(ADDRESS) {
            true => command.replace(ADDRESS, self.service().await),
            false => command.to_owned(),
        };
        self.home.program("sh").args(["-ec", &command]).spawn()
    }

    /// The commands of make: where the build is, with the environment that it was made with.
    fn in_the_project(&self, command: &str) -> std::io::Result<Child> {
        let mut shell = Command::new("sh");
        let variable = |name: &str, otherwise: &str| {
            std::env::var(name).unwrap_or_else(|_| format!("{}/{otherwise}", std::env::var("HOME").unwrap()))
        };
        // Nothing is reached through a closed door: what a new user without the official source sees,
        // and no test loads 82 MB.
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        shell
            .args(["-ec", command])
            .current_dir(project())
            .env("CARGO_HOME", variable("CARGO_HOME", ".cargo"))
            .env("RUSTUP_HOME", variable("RUSTUP_HOME", ".rustup"))
            .env("HOME", self.home.path())
            .env("HARK_DATA_DIR", self.home.data())
            .envs(self.home.variables())
            // The developer's own settings and servers stay out.
            .env("HARK_CONFIG", self.home.write("none.toml", ""))
            .env("HARK_TOOLS__MCP_CONFIG", self.home.write("none.json", "{\"mcpServers\": {}}"))
            .env("HARK_LLM__BASE_URL", "")
            .env("HTTPS_PROXY", format!("http://{nobody}"))
            .env("https_proxy", format!("http://{nobody}"))
            // The build is there, what it needs is installed, and the service is run elsewhere.
            .envs([("PROFILE", "dev"), ("SKIP_PACKAGES", "1"), ("RUN_ONCE", "1")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for name in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "NO_PROXY", "no_proxy"] {
            shell.env_remove(name);
        }
        shell.spawn()
    }

    /// Where `hark serve` is; it is started where it is not running yet.
    async fn service(&mut self) -> &str {
        if self.service.is_none() {
            let mut child = self.home.program("sh").args(["-c", "exec hark serve"]).spawn().unwrap();
            let mut line = String::new();
            let mut out = BufReader::new(child.stdout.take().unwrap());
            out.read_line(&mut line).await.unwrap();
            let address = line.trim().strip_prefix("Hark is at http://").unwrap().trim_end_matches('/');
            self.service = Some((child, address.to_owned()));
        }
        &self.service.as_ref().unwrap().1
    }

    /// Ends the service; nothing of it is left.
    async fn leave(&mut self) {
        let (child, _) = self.service.take().unwrap();
        let pid = child.id().unwrap().to_string();
        assert!(self.home.program("kill").args(["-INT", &pid]).status().await.unwrap().success());
        assert_eq!(self.home.end(child).await.code, Some(0));
    }

    /// `npx` and `uvx` that start what is installed for the tests, and ask no registry.
    fn have_installers(&self) -> PathBuf {
        let folder = self.home.path().join("bin");
        fs::create_dir(&folder).unwrap();
        let tools = project().join(".tools");
        let npx = format!(
            "shift; name=${{1#@modelcontextprotocol/}}; shift; exec {}/node_modules/.bin/mcp-$name \"$@\"",
            tools.display()
        );
        let uvx = format!("name=$1; shift; exec {}/venv/bin/$name \"$@\"", tools.display());
        for (name, script) in [("npx", npx), ("uvx", uvx)] {
            let path = folder.join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        folder
    }
}

#[tokio::test]
async fn every_command_of_the_readme_does_what_it_says() {
    let mut reader = Reader::new();
    for (line, shown) in commands("README.md", README) {
        reader.type_in(&line, shown).await;
    }
    reader.leave().await;

    // The servers of the example that was copied last come up with their tools.
    fs::create_dir(reader.home.path().join("Documents")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = reader.home.hark(["tools"]);
    command.env("PATH", format!("{}:{path}", reader.have_installers().display()));
    let ran = reader.home.end(command.spawn().unwrap()).await;
    let servers =
        ["desk (ready)", "files (ready)", "memory (ready)", "git (ready)", "clock (ready)", "remote (off)"];
    reader.assert_shown("hark tools", &ran, &servers);
}

#[tokio::test]
async fn every_command_of_the_page_on_http_does_what_it_says() {
    let mut reader = Reader::new();
    let audio = project().join("fixtures/audio");
    fs::copy(audio.join("list-add.wav"), reader.home.work().join("command.wav")).unwrap();
    fs::copy(audio.join("formats/opus-live.webm"), reader.home.work().join("command.webm")).unwrap();
    for (line, shown) in commands("docs/http.md", HTTP) {
        reader.type_in(&line, shown).await;
    }
    reader.leave().await;
}

#[tokio::test]
async fn settings_of_the_readme_are_settings() {
    let blocks = blocks(&text("README.md"), "toml");
    assert!(!blocks.is_empty());
    for block in blocks {
        let home = Home::without_model();
        home.write("hark.toml", block);
        home.run(["models", "list"]).await.good();
    }
}

#[test]
fn what_the_readme_names_is_there() {
    let readme = text("README.md");
    let makefile = text("Makefile");
    let code: Vec<_> = readme.split('`').skip(1).step_by(2).collect();
    let mut files = 0;
    for name in code {
        if let Some(goal) = name.strip_prefix("make ") {
            assert!(makefile.contains(&format!("\n{goal}:")), "there is no `make {goal}`");
        }
        let is_file = !name.contains([' ', '~', ':'])
            && [".md", ".toml", ".json"].iter().any(|ending| name.ends_with(ending));
        // What the reader makes is not there yet.
        if is_file && !["mcp.json", "hark.toml", "/openapi.json"].contains(&name) {
            assert!(project().join(name).is_file(), "there is no {name}");
            files += 1;
        }
    }
    assert!(files > 0);
}
