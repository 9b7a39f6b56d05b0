// One call of a plan: which tool, with what, how it went. Closed until the person wants to see more.

import { element, readable, sentence } from "./dom.js";
import { milliseconds, phrase } from "./words.js";

const STATES = ["started", "done", "failed", "unknown", "cancelled", "skipped"];

/** A state that this page does not know is shown as it came. */
const stateWords = (status) => (STATES.includes(status) ? phrase(`call.${status}`) : status);

export class Call {
  constructor({ service, tool, params }) {
    this.state = element("span", { class: "state" }, phrase("call.waiting"));
    this.body = element("div", { class: "body" }, ...argumentsOf(params));
    const name = element("span", { class: "name" }, tool.replaceAll(/[_-]/g, " "), element("small", {}, service));
    this.details = element("details", {}, element("summary", {}, name, this.state), this.body);
    this.node = element("li", {}, this.details);
  }

  /** Draws what an `executing` event tells of it. */
  show({ status, receipt, note }, message) {
    if (receipt) {
      this.showReceipt(receipt);
      return;
    }
    this.details.className = "started";
    this.state.textContent = status === "progress" ? (note ?? message) : stateWords(status);
  }

  /** Draws how it went. */
  showReceipt(receipt) {
    const { status, error, text, structured, elapsedMs } = receipt;
    this.details.className = status;
    const state = stateWords(status);
    this.state.textContent = status === "skipped" ? state : phrase("call.took", { state, time: milliseconds(elapsedMs) });
    const parts = argumentsOf(receipt.arguments);
    if (error) parts.push(element("p", { class: "label" }, phrase("call.error")), element("p", {}, sentence(error)));
    if (text) parts.push(element("p", { class: "label" }, phrase("call.result")), block(text));
    // Most servers repeat their data as text; once is enough.
    if (structured != null && !isSame(text, structured)) parts.push(element("p", { class: "label" }, phrase("call.data")), block(readable(structured)));
    this.body.replaceChildren(...parts);
  }
}

function argumentsOf(values) {
  const names = Object.keys(values ?? {});
  if (!names.length) return [element("p", { class: "none" }, phrase("call.noArguments"))];
  const rows = names.flatMap((name) => [element("dt", {}, name), element("dd", {}, readable(values[name]))]);
  return [element("p", { class: "label" }, phrase("call.arguments")), element("dl", { class: "facts" }, ...rows)];
}

/** Scrolls where it is long, so it must be reachable by keyboard. */
function block(text) {
  return element("pre", { tabindex: "0" }, text);
}

function isSame(text, value) {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
  } catch {
    return false;
  }
}
