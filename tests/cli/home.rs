//! A home for one test: nothing of the developer's is read or written, every process is given an end,
//! and what no output may ever hold is looked for in all of it.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "what cannot be set up fails the test, and programs need the path to find python3"
)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// A key that is in every test's environment and in no output.
pub(crate) const KEY: &str = "key-that-nobody-may-read";
/// A bound that is never reached unless something hangs; no test takes its measure from it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
/// The file of the embedded language model, which `make test` has fetched.
const LANGUAGE_MODEL: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// The folder of the project.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A recording of the project.
pub(crate) fn recording(name: &str) -> String {
    project().join("fixtures/audio").join(name).display().to_string()
}

/// The folder of the programs that were built with this test.
pub(crate) fn programs() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_hark")).parent().expect("a folder")
}

/// A home folder, `work` in it where commands run, and `data` in it for Hark.
pub(crate) struct Home {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    /// A new one, with the language model in it.
    pub(crate) fn new() -> Self {
        let home = Self::without_model();
        let models = home.data().join("models");
        fs::create_dir_all(&models).expect("a folder");
        let model = project().join(".tools/models").join(LANGUAGE_MODEL);
        assert!(model.is_file(), "{} is missing: run scripts/test-models", model.display());
        // The file and not its folder, so that nothing that is fetched here lands there.
        std::os::unix::fs::symlink(model, models.join(LANGUAGE_MODEL)).expect("a link");
        // Other tests run beside this one, and each has a model of its own: their threads would wait
        // for each other, and a plan takes what it takes.
        home.with("HARK_LLM__THREADS", "1")
            .with("HARK_PLANNER__SECONDS", "100")
            .with("HARK_SPEECH__SECONDS", "100")
    }

    /// A new one with nothing in it.
    pub(crate) fn without_model() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("work")).expect("a folder");
        Self { folder, variables: Vec::new() }
    }

    /// Sets a variable for the commands that follow.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The variables that were set for commands.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The home folder itself.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where commands run.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Hark's data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file into the folder where commands run; its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.work().join(name);
        fs::write(&path, content).expect("a file");
        path.display().to_string()
    }

    /// Names the MCP server `shed` in `mcp.json`: the project's faulty one, with this fault.
    pub(crate) fn write_shed(&self, fault: &str) {
        let script = project().join("fixtures/servers/faulty.py");
        let servers = serde_json::json!({
            "mcpServers": {"shed": {"command": "python3", "args": [script, fault]}}
        });
        self.write("mcp.json", servers.to_string());
    }

    /// A program of this home, not started yet.
    pub(crate) fn program(&self, name: impl AsRef<OsStr>) -> Command {
        let path = std::env::var("PATH").expect("a PATH");
        let mut command = Command::new(name);
        command
            .env_clear()
            .env("PATH", format!("{}:{path}", programs().display()))
            .env("HOME", self.folder.path())
            .env("TZ", "Europe/Berlin")
            .env("HARK_DATA_DIR", self.data())
            .env("HARK_SERVER__BIND", "127.0.0.1:0")
            .env("HARK_LLM__API_KEY", KEY)
            .envs(self.variables())
            .current_dir(self.work())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// `hark` with arguments, not started yet.
    pub(crate) fn hark<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_hark"));
        command.args(arguments);
        command
    }

    /// Runs `hark` to its end.
    pub(crate) async fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        self.end(self.hark(arguments).spawn().expect("hark starts")).await
    }

    /// The same with something on standard input.
    pub(crate) async fn run_with<A: AsRef<OsStr>>(
        &self,
        input: &[u8],
        arguments: impl IntoIterator<Item = A>,
    ) -> Ran {
        let mut child = self.hark(arguments).stdin(Stdio::piped()).spawn().expect("hark starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // Who does not want all of it closes the pipe, which is no fault.
        pipe.write_all(input).await.ok();
        drop(pipe);
        self.end(child).await
    }

    /// Waits for the end of a process, and sees that it left none behind.
    pub(crate) async fn end(&self, child: Child) -> Ran {
        let ran = self.wait(child).await;
        let left = self.processes();
        assert!(left.is_empty(), "processes are left: {left:?}\n{ran:#?}");
        ran
    }

    /// Waits for the end of a process, while others of this home go on.
    pub(crate) async fn wait(&self, child: Child) -> Ran {
        let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let ended = ended.expect("an end in time").expect("an end");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let ran = Ran { code: ended.status.code(), out: text(ended.stdout), err: text(ended.stderr) };
        assert!(!ran.out.contains(KEY) && !ran.err.contains(KEY), "a key is shown: {ran:#?}");
        assert!(!ran.err.contains("panicked"), "{ran:#?}");
        ran
    }

    /// The command lines of all processes that belong to this home.
    pub(crate) fn processes(&self) -> Vec<String> {
        let mark = self.folder.path().display().to_string();
        let read =
            |path: PathBuf| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "));
        fs::read_dir("/proc")
            .expect("Linux")
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok())
            .filter_map(|entry| {
                let line = read(entry.path().join("cmdline")).ok()?;
                let variables = read(entry.path().join("environ")).ok()?;
                (line.contains(&mark) || variables.contains(&mark)).then_some(line)
            })
            .collect()
    }
}

/// What a process came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Expects success; the output.
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.out
    }

    /// Expects success; each line of the output as JSON.
    pub(crate) fn good_json(self) -> Vec<Value> {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.json()
    }

    /// Each line of the output as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:#?}")))
            .collect()
    }

    /// Expects that it was not done, with a message for a person that has all these words.
    pub(crate) fn refused(&self, words: &[&str]) {
        self.ended_with(1, words);
    }

    /// Expects that the call itself was wrong.
    pub(crate) fn miscalled(&self, words: &[&str]) {
        self.ended_with(2, words);
    }

    fn ended_with(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.err.is_empty(), "no reason is told: {self:#?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not told: {self:#?}");
        }
    }
}
