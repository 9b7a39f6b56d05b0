//! Carries out a checked plan and hands back a receipt for each step.
//!
//! The plan was proved before, so nothing is checked again; what changes the world is written into the
//! audit log before it happens. What is told to the person is made from the receipts alone.

mod attempt;
mod ending;
mod reply;
mod schedule;
mod spoken;
mod step;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::{CommandId, Language, Plan, Receipt, UserId};
use crate::progress::CommandProgress;
use crate::store::Store;
use crate::tools::Registry;

pub use reply::reply;

/// The limits of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutorConfig {
    /// How long a step may take, its retries included.
    pub step_timeout: Duration,
    /// How often a call is tried again after a connection fault, where its tool says that this is safe.
    pub retries: u32,
}

impl Default for ExecutorConfig {
    fn default() -> Self {
        Self { step_timeout: Duration::from_secs(60), retries: 2 }
    }
}

/// Runs plans, any number at once.
pub struct Executor {
    registry: Registry,
    store: Store,
    config: ExecutorConfig,
}

/// Whose plan it is, who is told of it, and who may stop it.
#[derive(Clone, Debug)]
pub struct Run {
    /// The command.
    pub command: CommandId,
    /// Who asked.
    pub user: UserId,
    /// The language in which it is told.
    pub language: Language,
    /// Where its events go.
    pub progress: CommandProgress,
    /// Stops it: what was not yet sent is not sent, and what is under way is told to stop.
    pub cancel: CancellationToken,
}

impl Executor {
    /// An executor that calls the tools of `registry` and writes its audit log to `store`.
    pub fn new(registry: Registry, store: Store, config: ExecutorConfig) -> Self {
        Self { registry, store, config }
    }

    /// Carries out `plan`. There is a receipt for every step, in the order of the steps, whatever
    /// happens.
    pub async fn run(&self, plan: &Plan, run: &Run) -> Vec<Receipt> {
        schedule::run(self, plan, run).await
    }
}
