// One command on the page: what was said, the stages with their times, the plan, each call, the reply.
// It is drawn from events alone, live and from the history alike.

import { element, milliseconds, readable } from "./dom.js";

const STAGES = {
  transcribing: "Hearing",
  discovering: "Tools",
  analyzing: "Thinking",
  planned: "Plan",
  confirming: "Waiting for your yes",
  clarifying: "Question",
  executing: "Doing",
};
const STATES = {
  started: "under way",
  progress: "under way",
  done: "done",
  failed: "failed",
  unknown: "not known",
  cancelled: "stopped",
  skipped: "not done",
};

export class CommandView {
  /** `onStop()` is called when the person stops it. */
  constructor({ said, onStop }) {
    this.said = element("p", { class: said ? "said" : "said pending" }, said || "…");
    this.stages = element("ol", { class: "stages", "aria-label": "Stages" });
    this.plan = element("p", { class: "plan", hidden: true });
    this.steps = element("ol", { class: "steps", "aria-label": "Calls", hidden: true });
    this.reply = element("p", { class: "reply", hidden: true });
    this.total = element("p", { class: "total", hidden: true });
    this.stop = onStop
      ? element("button", { type: "button", class: "stop", onclick: () => { this.stop.disabled = true; onStop(); } }, "Stop")
      : null;
    const answer = element("div", { class: "answer" }, this.stages, this.plan, this.steps, this.reply, this.total, this.stop);
    this.node = element("li", { class: "command" }, this.said, answer);
    this.calls = new Map();
    this.stage = null;
  }

  /** Draws one event; returns the outcome after the last one. */
  show(event) {
    const at = Date.parse(event.timestamp);
    const { data } = event;
    switch (event.type) {
      case "transcribing":
        this.enter(event.type, at, data?.status === "decoding" ? "Reading the recording" : "Hearing");
        if (data?.transcript) this.heard(data.transcript);
        return null;
      case "planned":
        this.enter(event.type, at);
        this.showPlan(data.plan);
        return null;
      case "executing":
        this.enter(event.type, at);
        this.showStep(event);
        return null;
      case "completed":
      case "error":
        this.end(event, at);
        return data;
      default:
        this.enter(event.type, at);
        return null;
    }
  }

  /** Ends the running stage and starts `type`, unless it is running already. */
  enter(type, at, label = STAGES[type]) {
    if (this.stage?.type === type) {
      this.stage.label.textContent = label;
      return;
    }
    this.leave(at);
    const name = element("span", {}, label);
    const node = element("li", { class: "now" }, name);
    this.stages.append(node);
    this.stage = { type, at, node, label: name };
  }

  leave(at, failed = false) {
    if (!this.stage) return;
    const { node, at: since } = this.stage;
    node.className = failed ? "bad" : "";
    node.append(element("time", {}, milliseconds(at - since)));
    this.stage = null;
  }

  heard({ text, words, confidence }) {
    this.said.className = "said";
    this.said.title = `Heard with ${Math.round(confidence * 100)} % confidence`;
    const parts = (words ?? []).map((word) =>
      word.confidence < 0.5
        ? element("span", { class: "unsure", title: `${Math.round(word.confidence * 100)} % sure` }, word.text)
        : word.text,
    );
    if (!parts.length) {
      this.said.textContent = text;
      return;
    }
    this.said.replaceChildren(...parts.flatMap((part, i) => (i ? [" ", part] : [part])));
  }

  showPlan(plan) {
    this.plan.hidden = false;
    this.plan.textContent = plan.executionPlan;
    this.steps.hidden = false;
    plan.selectedTools.forEach(({ service, tool, params }, index) => {
      const state = element("span", { class: "state" });
      const body = element("div", { class: "body" }, element("h4", {}, "Arguments"), element("pre", {}, readable(params)));
      const details = element(
        "details",
        {},
        element("summary", {}, element("span", { class: "name" }, `${service} · ${tool.replaceAll("_", " ")}`), state),
        body,
      );
      this.steps.append(element("li", {}, details));
      this.calls.set(index + 1, { details, state, body });
    });
  }

  showStep({ data, message }) {
    const call = this.calls.get(data.step);
    if (!call) return;
    const status = data.receipt?.status ?? data.status;
    call.details.className = status;
    call.state.textContent = STATES[status] ?? status;
    if (data.status === "progress") call.state.textContent = data.note ?? message;
    if (data.receipt) this.showReceipt(call, data.receipt);
  }

  showReceipt(call, receipt) {
    call.details.className = receipt.status;
    call.state.textContent = `${STATES[receipt.status] ?? receipt.status} · ${milliseconds(receipt.elapsedMs)}`;
    const parts = [element("h4", {}, "Arguments"), element("pre", {}, readable(receipt.arguments))];
    if (receipt.error) parts.push(element("h4", {}, "What went wrong"), element("p", {}, receipt.error));
    if (receipt.text) parts.push(element("h4", {}, "Result"), element("pre", { tabindex: "0" }, receipt.text));
    if (receipt.structured != null) {
      parts.push(element("h4", {}, "Data"), element("pre", { tabindex: "0" }, readable(receipt.structured)));
    }
    call.body.replaceChildren(...parts);
  }

  end({ type, data: outcome }, at) {
    this.leave(at, type === "error");
    this.stop?.remove();
    if (outcome.text && this.said.classList.contains("pending")) {
      this.said.className = "said";
      this.said.textContent = outcome.text;
    } else if (this.said.classList.contains("pending")) {
      this.said.textContent = "(nothing heard)";
    }
    for (const receipt of outcome.results ?? []) {
      const call = this.calls.get(receipt.step);
      if (call) this.showReceipt(call, receipt);
    }
    this.reply.hidden = false;
    this.reply.textContent = outcome.reply;
    this.reply.className = outcome.needsClarification ? "reply question" : outcome.success ? "reply" : "reply bad";
    this.total.hidden = false;
    this.total.replaceChildren(`${milliseconds(outcome.executionTime)} in all`);
    if (outcome.plan) this.total.append(element("span", {}, `${Math.round(outcome.plan.confidence * 100)} % sure of the plan`));
  }

  /** The command never got as far as an event. */
  refuse(message) {
    this.leave(Date.now(), true);
    this.stop?.remove();
    this.said.classList.remove("pending");
    this.reply.hidden = false;
    this.reply.className = "reply bad";
    this.reply.textContent = message;
  }
}
