//! A virtual room with a microphone, and `hark listen` in it.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::cli::home::{Home, PATIENCE, recording};

/// A sound server of its own, with a room in which sound can be played.
pub(super) struct Room {
    server: Child,
}

impl Room {
    pub(super) async fn open(home: &Home) -> Self {
        let socket = home.path().join("sound");
        std::fs::remove_file(&socket).ok();
        let mut server = home.program("pulseaudio");
        server.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no"]);
        server
            .arg("-L")
            .arg(format!("module-native-protocol-unix socket={} auth-anonymous=1", socket.display()));
        server.args(["-L", "module-null-sink sink_name=room rate=48000 channels=2"]);
        server.args([
            "-L",
            "module-remap-source source_name=desk master=room.monitor source_properties=device.description=Desk",
        ]);
        let server =
            server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("pulseaudio is installed");
        let room = Self { server };
        let is_open = async {
            while !socket.exists() || !room.runs(home, "pactl", &["info"]).await {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, is_open).await.expect("the sound server starts");
        room
    }

    pub(super) async fn runs(&self, home: &Home, program: &str, arguments: &[&str]) -> bool {
        let mut command = home.program(program);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().await.is_ok_and(|status| status.success())
    }

    pub(super) async fn play(&self, home: &Home, name: &str) {
        assert!(self.runs(home, "paplay", &["--device=room", &recording(name)]).await, "{name} is played");
    }

    pub(super) async fn close(mut self) {
        self.server.kill().await.expect("it runs");
    }
}

/// `hark listen --json`.
pub(super) struct Listening {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listening {
    pub(super) fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home.hark(["listen", "--json"].iter().chain(arguments)).spawn().expect("hark starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    /// Waits for the first line of which `is_it` holds.
    pub(super) async fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        self.read(what, is_it, true).await
    }

    async fn read(&mut self, what: &str, is_it: impl Fn(&Value) -> bool, is_smooth: bool) -> Value {
        let mut seen = Vec::new();
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
            let Ok(Ok(Some(line))) = line else { panic!("no {what}: {line:?} after {seen:#?}") };
            let line: Value = serde_json::from_str(&line).expect("JSON");
            if is_it(&line) {
                return line;
            }
            assert!(!is_smooth || line["type"] != "refused", "refused before {what}: {line} after {seen:#?}");
            seen.push(line);
        }
    }

    /// The same, where refusals are what is waited for.
    pub(super) async fn until_any(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        self.read(what, is_it, false).await
    }

    pub(super) async fn end(mut self, home: &Home) {
        let pid = self.child.id().expect("it runs").to_string();
        assert!(home.program("kill").args(["-INT", &pid]).status().await.expect("kill").success());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("an end in time");
        assert!(ended.expect("an end").success());
    }
}

pub(super) fn is(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |line| line["type"] == kind
}

/// A home whose programs use the sound server in it.
pub(super) fn home() -> Home {
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("sound").display());
    let folder = home.path().display().to_string();
    home.with("PULSE_SERVER", socket).with("XDG_RUNTIME_DIR", folder)
}
