// One call of a plan: which tool, with what, how it went. Closed until the person wants to see more.

import { element, milliseconds, readable, sentence } from "./dom.js";

const STATES = {
  started: "under way",
  done: "done",
  failed: "failed",
  unknown: "not known",
  cancelled: "stopped",
  skipped: "not done",
};

export class Call {
  constructor({ service, tool, params }) {
    this.state = element("span", { class: "state" }, "to do");
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
    this.state.textContent = status === "progress" ? (note ?? message) : (STATES[status] ?? status);
  }

  /** Draws how it went. */
  showReceipt(receipt) {
    const { status, error, text, structured, elapsedMs } = receipt;
    this.details.className = status;
    const took = status === "skipped" ? "" : ` · ${milliseconds(elapsedMs)}`;
    this.state.textContent = `${STATES[status] ?? status}${took}`;
    const parts = argumentsOf(receipt.arguments);
    if (error) parts.push(element("p", { class: "label" }, "What went wrong"), element("p", {}, sentence(error)));
    if (text) parts.push(element("p", { class: "label" }, "Result"), block(text));
    // Most servers repeat their data as text; once is enough.
    if (structured != null && !isSame(text, structured)) parts.push(element("p", { class: "label" }, "Data"), block(readable(structured)));
    this.body.replaceChildren(...parts);
  }
}

function argumentsOf(values) {
  const names = Object.keys(values ?? {});
  if (!names.length) return [element("p", { class: "none" }, "No arguments")];
  const rows = names.flatMap((name) => [element("dt", {}, name), element("dd", {}, readable(values[name]))]);
  return [element("p", { class: "label" }, "Arguments"), element("dl", { class: "facts" }, ...rows)];
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
