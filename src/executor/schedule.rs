//! Which step may start when: in order, independent ones side by side.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::ending::{self, Ending};
use super::{Executor, Run, step};
use crate::domain::{Plan, Receipt, Step, StepStatus, ToolOutput};
use crate::phrases::Phrase;

/// Runs every step for which the earlier ones allow it.
pub(super) async fn run(executor: &Executor, plan: &Plan, run: &Run) -> Vec<Receipt> {
    let mut receipts: BTreeMap<usize, Receipt> = BTreeMap::new();
    let mut outputs: BTreeMap<usize, ToolOutput> = BTreeMap::new();
    let mut waiting: Vec<&Step> = plan.steps().iter().collect();
    let mut under_way = FuturesUnordered::new();
    loop {
        // A step waits for earlier steps only, so one pass in order sees all that follows from what
        // has ended, a chain of skipped steps included.
        waiting.retain(|step| {
            let ending = match turn(step, &receipts, run) {
                Turn::Wait => return true,
                Turn::Never(ending) => ending,
                Turn::Now => match step.fill(|number| outputs.get(&number)) {
                    Ok(arguments) => {
                        under_way.push(step::carry_out(executor, step, arguments, run));
                        return false;
                    }
                    Err(unresolved) => Ending::failed(unresolved.to_string()),
                },
            };
            let (receipt, _) = ending.into_receipt(step, step.arguments().clone(), ending::Clock::start());
            step::tell_end(&receipt, run);
            receipts.insert(step.number(), receipt);
            false
        });
        let Some((receipt, output)) = under_way.next().await else {
            break;
        };
        outputs.extend(output.map(|output| (receipt.step, output)));
        receipts.insert(receipt.step, receipt);
    }
    receipts.into_values().collect()
}

enum Turn {
    Now,
    Wait,
    Never(Ending),
}

fn turn(step: &Step, receipts: &BTreeMap<usize, Receipt>, run: &Run) -> Turn {
    if run.cancel.is_cancelled() {
        return Turn::Never(Ending::cancelled(run.language));
    }
    let mut turn = Turn::Now;
    for number in step.after() {
        match receipts.get(number) {
            None => turn = Turn::Wait,
            Some(receipt) if receipt.status == StepStatus::Done => {}
            Some(receipt) => {
                let reason = Phrase::new("step-after")
                    .with("number", *number)
                    .with("tool", receipt.tool.to_string())
                    .with("fate", fate(receipt));
                return Turn::Never(Ending::skipped(reason.say(run.language)));
            }
        }
    }
    turn
}

fn fate(receipt: &Receipt) -> &'static str {
    match receipt.status {
        StepStatus::Done => "done",
        StepStatus::Failed => "failed",
        StepStatus::Unknown => "unknown",
        StepStatus::Cancelled => "cancelled",
        StepStatus::Skipped => "skipped",
    }
}
