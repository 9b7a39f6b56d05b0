//! A server that is a program: started in a process group of its own, so that what `npx` or `uvx`
//! start in turn ends with it, and with its error output read and its end noted.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use rmcp::RoleClient;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How much of a server's error output is kept: its last lines say why it died.
const STDERR_KEPT_BYTES: usize = 4 * 1024;
/// How long a server may take to end by itself once its input is closed, and again once it was told.
const END_GRACE: Duration = Duration::from_secs(2);
/// How long the end of a process is waited for once its output has ended.
const EXIT_WAIT: Duration = Duration::from_millis(500);

/// A program to start, all variables expanded.
pub(super) struct Program<'a> {
    pub(super) command: &'a str,
    pub(super) args: &'a [String],
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) cwd: Option<&'a Path>,
}

/// What is known of a process beside what it says in the protocol.
#[derive(Default)]
pub(super) struct ProcessNotes {
    stderr: Mutex<VecDeque<u8>>,
    drained: CancellationToken,
    exit: Mutex<Option<ExitStatus>>,
}

impl ProcessNotes {
    /// The last of its error output, where there is any.
    pub(super) fn stderr_tail(&self) -> Option<String> {
        let kept: Vec<u8> =
            self.stderr.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let text = String::from_utf8_lossy(&kept).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// How it ended, where it has: `exit status: 3`, `signal: 9 (SIGKILL)`.
    pub(super) fn ended(&self) -> Option<String> {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner).map(|status| status.to_string())
    }

    /// Waits a moment for the rest of the error output of a process that has ended.
    pub(super) async fn settle(&self) {
        drop(tokio::time::timeout(EXIT_WAIT, self.drained.cancelled()).await);
    }

    async fn drain(&self, mut stderr: ChildStderr, changes: watch::Sender<u64>) {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
            self.keep(&buffer[..read]);
            changes.send_modify(|count| *count = count.wrapping_add(1));
        }
        self.drained.cancel();
    }

    fn keep(&self, output: &[u8]) {
        let mut kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(output);
        let excess = kept.len().saturating_sub(STDERR_KEPT_BYTES);
        kept.drain(..excess);
    }
}

/// The transport to such a process. Dropping it kills the whole group.
pub(super) struct ServerProcess {
    child: Box<dyn ChildWrapper>,
    io: AsyncRwTransport<RoleClient, ChildStdout, ChildStdin>,
    notes: Arc<ProcessNotes>,
}

impl ServerProcess {
    /// Starts the program. `changes` counts on whenever it wrote to its error output.
    ///
    /// # Errors
    /// What the system says, `NotFound` where there is no such program (or no such working folder).
    pub(super) fn start(
        program: Program<'_>,
        tracker: &TaskTracker,
        changes: watch::Sender<u64>,
    ) -> std::io::Result<(Self, Arc<ProcessNotes>)> {
        let mut command = Command::new(program.command);
        command.args(program.args).env_clear().envs(program.env);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(cwd) = program.cwd {
            command.current_dir(cwd);
        }
        let mut wrap = CommandWrap::from(command);
        wrap.wrap(KillOnDrop).wrap(ProcessGroup::leader());
        let mut child = wrap.spawn()?;
        let closed = || std::io::Error::other("its input and output could not be taken");
        let stdin = child.stdin().take().ok_or_else(closed)?;
        let stdout = child.stdout().take().ok_or_else(closed)?;
        let stderr = child.stderr().take().ok_or_else(closed)?;
        let notes = Arc::new(ProcessNotes::default());
        let draining = Arc::clone(&notes);
        tracker.spawn(async move { draining.drain(stderr, changes).await });
        let process = Self { child, io: AsyncRwTransport::new(stdout, stdin), notes: Arc::clone(&notes) };
        Ok((process, notes))
    }

    async fn wait(&mut self, at_most: Duration) -> bool {
        match tokio::time::timeout(at_most, self.child.wait()).await {
            Ok(Ok(status)) => {
                *self.notes.exit.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
                true
            }
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// The group may outlive its leader, and may be gone already.
    fn signal(&self, signal: i32) {
        if let Err(error) = self.child.signal(signal) {
            tracing::trace!(%error, signal, "a process group could not be signalled");
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.signal(libc::SIGKILL);
    }
}

impl Transport<RoleClient> for ServerProcess {
    type Error = std::io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.io.send(item)
    }

    /// Lines that are no message are passed over by the reader underneath.
    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let message = self.io.receive().await;
        if message.is_none() {
            self.wait(EXIT_WAIT).await;
        }
        message
    }

    /// The order that the specification asks for: close its input, wait, tell it, wait, kill. The
    /// group is killed in any case, since the leader's end is not that of those that it started.
    async fn close(&mut self) -> Result<(), Self::Error> {
        let closed = self.io.close().await;
        if !self.wait(END_GRACE).await {
            self.signal(libc::SIGTERM);
            self.wait(END_GRACE).await;
        }
        self.signal(libc::SIGKILL);
        self.wait(EXIT_WAIT).await;
        closed
    }
}
