//! Figures for Prometheus. What happened is counted in one place, [`Counter`], from the events that the
//! page, the history and the audit are made of, so that they cannot disagree; what is a state and not
//! a count (commands under way, servers) is read when it is asked for.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics::{Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::AppState;
use crate::domain::{Event, StepStatus, ToolName};
use crate::progress::Progress;

/// Upper bounds in seconds. The stages of a typed command on a fast model take milliseconds, those of
/// a small machine's own model seconds.
const BUCKETS_S: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

static METADATA: Metadata<'static> = Metadata::new("hark", Level::INFO, None);

/// The figures of one Hark. They are its own and not the process's, so that two in one process, as in
/// tests, do not mix.
pub(super) struct Instruments {
    counter: Arc<Counter>,
    handle: PrometheusHandle,
}

impl Instruments {
    /// Begins to count what `progress` tells.
    pub(super) fn new(progress: &Progress) -> Self {
        // Refused is only an empty list of buckets, and this one is not.
        let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS_S).unwrap_or_default().build_recorder();
        describe(&recorder);
        let handle = recorder.handle();
        let counter = Arc::new(Counter { recorder });
        let observer = counter.clone();
        if !progress.observe(move |event| observer.see(event)) {
            tracing::warn!("these event streams are counted already; the figures here stay empty");
        }
        Self { counter, handle }
    }

    /// Folds raw samples into their buckets, so that they do not pile up where nobody asks.
    pub(super) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    fn render(&self, state: &AppState) -> String {
        let gauge = |name: &'static str, labels, value: f64| {
            self.counter.recorder.register_gauge(&key(name, labels), &METADATA).set(value);
        };
        let parts = state.parts();
        gauge("hark_commands_running", vec![], parts.pipeline.running_count() as f64);
        gauge("hark_uptime_seconds", vec![], state.uptime().as_secs_f64());
        for server in parts.registry.servers() {
            let is_up = super::health::is_up(&server);
            gauge("hark_server_up", vec![Label::new("server", server.key)], f64::from(u8::from(is_up)));
        }
        self.handle.render()
    }
}

/// Counts events.
struct Counter {
    recorder: PrometheusRecorder,
}

/// What of an outcome is counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ended {
    success: bool,
    needs_clarification: bool,
    error: Option<Failed>,
    execution_time: f64,
    stages: Map<String, Value>,
    results: Vec<Step>,
}

#[derive(Deserialize)]
struct Failed {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    tool: ToolName,
    status: StepStatus,
    elapsed_ms: f64,
}

impl Counter {
    fn see(&self, event: &Event) {
        self.count("hark_events_total", vec![Label::from_static_parts("type", event.kind.name())]);
        if event.kind.is_last()
            && let Ok(ended) = Ended::deserialize(&event.data)
        {
            self.see_end(ended);
        }
    }

    fn see_end(&self, ended: Ended) {
        let outcome = match &ended.error {
            Some(failed) if failed.code == "cancelled" => "cancelled",
            Some(_) => "failed",
            None if ended.needs_clarification => "asked",
            None if ended.success => "done",
            None => "failed",
        };
        let code = ended.error.map_or_else(String::new, |failed| failed.code);
        let label = Label::from_static_parts("outcome", outcome);
        self.count("hark_commands_total", vec![label.clone(), Label::new("code", code)]);
        self.time("hark_command_seconds", vec![label], ended.execution_time);
        for (stage, ms) in ended.stages {
            let stage = stage.trim_end_matches("Ms").to_owned();
            self.time(
                "hark_stage_seconds",
                vec![Label::new("stage", stage)],
                ms.as_f64().unwrap_or_default(),
            );
        }
        for step in ended.results {
            let service = Label::new("service", step.tool.service.to_string());
            let status = Label::from_static_parts("status", status_name(step.status));
            self.count("hark_steps_total", vec![service.clone(), status]);
            if step.status != StepStatus::Skipped {
                self.time("hark_step_seconds", vec![service], step.elapsed_ms);
            }
        }
    }

    fn count(&self, name: &'static str, labels: Vec<Label>) {
        self.recorder.register_counter(&key(name, labels), &METADATA).increment(1);
    }

    fn time(&self, name: &'static str, labels: Vec<Label>, ms: f64) {
        self.recorder.register_histogram(&key(name, labels), &METADATA).record(ms / 1e3);
    }
}

fn key(name: &'static str, labels: Vec<Label>) -> Key {
    Key::from_parts(name, labels)
}

fn status_name(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Done => "done",
        StepStatus::Failed => "failed",
        StepStatus::Unknown => "unknown",
        StepStatus::Cancelled => "cancelled",
        StepStatus::Skipped => "skipped",
    }
}

fn describe(recorder: &PrometheusRecorder) {
    for (name, text) in [
        ("hark_commands_total", "Commands that ended, by outcome and code of failure"),
        ("hark_events_total", "Events told, by type"),
        ("hark_steps_total", "Steps that ended, by service and status"),
    ] {
        recorder.describe_counter(name.into(), None, text.into());
    }
    for (name, text) in [
        ("hark_command_seconds", "From the arrival of a command to its end, by outcome"),
        ("hark_stage_seconds", "Time of each stage of a command"),
        ("hark_step_seconds", "Time of each call, by service"),
    ] {
        recorder.describe_histogram(name.into(), Some(Unit::Seconds), text.into());
    }
    for (name, text) in [
        ("hark_commands_running", "Commands under way"),
        ("hark_server_up", "Whether an MCP server is ready"),
        ("hark_uptime_seconds", "Since the HTTP door was opened"),
    ] {
        recorder.describe_gauge(name.into(), None, text.into());
    }
}

/// Figures for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let text = state.instruments().render(&state);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
