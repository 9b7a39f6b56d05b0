// One command on the page: what was said, the stages with their times, the plan, each call, the reply.
// It is drawn from events alone, live and from the history alike.

import { Call } from "./call-view.js";
import { element, sentence } from "./dom.js";
import { milliseconds, percent, phrase } from "./words.js";

const STAGES = ["transcribing", "discovering", "analyzing", "planned", "confirming", "clarifying", "executing"];
const UNSURE = 0.5;
const TICK_MS = 1000;

export class CommandView {
  /** `onStop()` is called when the person stops it; without it there is nothing to stop. */
  constructor({ said, onStop }) {
    this.said = element("p", { class: said ? "said" : "said pending" }, said || phrase("command.recording"));
    this.stages = element("ol", { class: "stages", "aria-label": phrase("command.stages") });
    this.plan = element("p", { class: "plan", hidden: true });
    this.steps = element("ol", { class: "steps", "aria-label": phrase("command.calls"), hidden: true });
    this.reply = element("p", { class: "reply", hidden: true });
    this.total = element("p", { class: "total", hidden: true });
    this.line = element("p", { class: "line", hidden: true }, phrase("command.connectionLost"));
    this.actions = element("p", { class: "actions" });
    this.stop = element("button", { type: "button", class: "stop", onclick: onStop }, phrase("command.stop"));
    if (onStop) this.actions.append(this.stop);
    const parts = [this.stages, this.plan, this.steps, this.reply, this.line, this.total, this.actions];
    this.node = element("li", { class: "command" }, this.said, element("div", { class: "answer" }, ...parts));
    this.calls = new Map();
    this.stage = null;
  }

  /** The words of the command, as far as they are known. */
  get words() {
    return this.said.classList.contains("pending") ? "" : this.said.textContent;
  }

  /** Draws one event; returns the outcome after the last one. */
  show(event) {
    const at = Date.parse(event.timestamp);
    const { data } = event;
    switch (event.type) {
      case "transcribing":
        this.enter(event.type, at, phrase(data?.status === "decoding" ? "stage.decoding" : "stage.transcribing"));
        if (data?.transcript) this.heard(data.transcript);
        return null;
      case "planned":
        this.enter(event.type, at);
        this.showPlan(data.plan);
        return null;
      case "executing":
        this.enter(event.type, at);
        this.calls.get(data.step)?.show(data, event.message);
        return null;
      case "completed":
      case "error":
        this.end(data, at);
        return data;
      default:
        this.enter(event.type, at);
        return null;
    }
  }

  /** Ends the running stage and starts `type`, unless it is running already. */
  enter(type, at, label = stageWords(type)) {
    if (this.stage?.type === type) {
      this.stage.label.textContent = label;
      return;
    }
    this.leave(at);
    const name = element("span", {}, label);
    const time = element("time", { hidden: true });
    const node = element("li", { class: "now" }, name, time);
    this.stages.append(node);
    // The server's clock may differ from this one, so a running stage is measured here and corrected at its end.
    const began = performance.now();
    const tick = setInterval(() => {
      time.hidden = false;
      time.textContent = phrase("time.seconds", { count: Math.round((performance.now() - began) / 1000) });
    }, TICK_MS);
    this.stage = { type, at, node, label: name, time, tick };
  }

  /** `how` is empty, `bad` or `stopped`. */
  leave(at, how = "") {
    if (!this.stage) return;
    const { node, at: since, label, type, time, tick } = this.stage;
    clearInterval(tick);
    node.className = how;
    // What the sign before it shows, for those who do not see it.
    if (how) label.append(element("span", { class: "visually-hidden" }, ` (${phrase(how === "bad" ? "stage.failed" : "stage.stopped")})`));
    if (type === "transcribing" && !how) label.textContent = stageWords(type);
    // A plan takes no time of its own: it is there once the thinking is over.
    time.hidden = at - since < 1;
    time.textContent = time.hidden ? "" : milliseconds(at - since);
    this.stage = null;
  }

  heard({ text, words, confidence }) {
    this.said.className = "said";
    this.said.title = phrase("command.confidence", { share: percent(confidence) });
    const parts = (words ?? []).map((word) =>
      word.confidence < UNSURE
        ? element("span", { class: "unsure", title: phrase("command.wordSure", { share: percent(word.confidence) }) }, word.text)
        : word.text,
    );
    if (parts.length) this.said.replaceChildren(...parts.flatMap((part, i) => (i ? [" ", part] : [part])));
    else this.said.textContent = text;
  }

  showPlan(plan) {
    this.plan.hidden = false;
    this.plan.textContent = sentence(plan.executionPlan);
    this.steps.hidden = false;
    plan.selectedTools.forEach((step, index) => {
      const call = new Call(step);
      this.steps.append(call.node);
      this.calls.set(index + 1, call);
    });
  }

  end(outcome, at) {
    const isFailed = Boolean(outcome.error);
    const isStopped = outcome.error?.code === "cancelled";
    this.leave(at, isStopped ? "stopped" : isFailed ? "bad" : "");
    this.settle();
    if (this.said.classList.contains("pending")) {
      this.said.className = "said";
      this.said.textContent = outcome.text || phrase("command.wordless");
    }
    for (const receipt of outcome.results ?? []) this.calls.get(receipt.step)?.showReceipt(receipt);
    // Where something was done, the calls tell by themselves what was not.
    const isDoneInPart = outcome.results?.some((receipt) => receipt.status === "done");
    const isBad = isFailed && !isStopped && !isDoneInPart;
    this.tell(outcome.reply, outcome.needsClarification ? "question" : isBad ? "bad" : "");
    this.total.hidden = false;
    this.total.replaceChildren(element("span", {}, phrase("command.total", { time: milliseconds(outcome.executionTime) })));
    // A model that tells no probabilities is neither sure nor unsure.
    const sure = outcome.plan?.confidence;
    if (Number.isFinite(sure)) this.total.append(element("span", {}, phrase("command.planSure", { share: percent(sure) })));
    if (outcome.needsClarification) this.total.append(element("span", {}, phrase("command.answerBelow")));
  }

  /** It was told to stop, or could not be told. */
  stopping(isTold) {
    this.stop.textContent = phrase(isTold ? "command.stopping" : "command.stop");
    // Disabled it would lose the focus to nowhere.
    if (isTold) this.stop.setAttribute("aria-disabled", "true");
    else this.stop.removeAttribute("aria-disabled");
  }

  /** No event will come, and why. */
  refuse(message) {
    this.leave(Date.now(), "bad");
    this.settle();
    this.said.classList.remove("pending");
    this.tell(message, "bad");
  }

  /** Something that the person can do about how it went. */
  offer(label, act) {
    this.actions.append(element("button", { type: "button", class: "plain", onclick: act }, label));
  }

  /** What was offered is no longer to be had. */
  withdrawOffers() {
    if (this.actions.contains(document.activeElement)) document.getElementById("text").focus();
    this.actions.querySelectorAll("button.plain").forEach((button) => button.remove());
  }

  /** The connection is lost, or there again. */
  connection(isLost) {
    this.line.hidden = !isLost;
  }

  tell(words, kind) {
    this.reply.hidden = false;
    this.reply.className = `reply ${kind}`.trim();
    this.reply.textContent = words;
  }

  settle() {
    this.line.hidden = true;
    if (this.stop === document.activeElement) document.getElementById("text").focus();
    this.stop.remove();
  }
}

/** A stage that this page does not know is shown as it came. */
function stageWords(type) {
  return STAGES.includes(type) ? phrase(`stage.${type}`) : type;
}
