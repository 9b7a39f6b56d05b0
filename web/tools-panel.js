// The tools, servers and models at hand: how they are, why one is not, and how fast they answer.

import { readStatus, readTools } from "./api.js";
import { byId, element, milliseconds, sentence, withCommands } from "./dom.js";

const HIDDEN = "hark-notice-hidden";
const SERVER_STATES = {
  ready: { words: "ready", dot: "good" },
  starting: { words: "starting", dot: "wait" },
  failed: { words: "not reachable", dot: "bad" },
  disabled: { words: "switched off", dot: "" },
  stopped: { words: "stopped", dot: "bad" },
};
const MODEL_STATES = { ready: "good", remote: "good", starting: "wait", restarting: "wait", failed: "bad" };

const stateOf = (server) => SERVER_STATES[server.state] ?? { words: server.state, dot: "wait" };

/** The dot of the header and the notice about the models; resolves to the status. */
export async function refreshStatus() {
  const status = await readStatus();
  const { language, servers, speech } = status;
  const dots = [MODEL_STATES[language.state] ?? "wait", ...servers.map((server) => stateOf(server).dot)];
  const worst = dots.includes("bad") ? "bad" : dots.includes("wait") ? "wait" : "good";
  health(worst, { good: "all well", wait: "starting", bad: "something needs attention" }[worst]);
  const notes = [];
  if (language.state === "failed") notes.push(`The language model can't be used: ${sentence(language.reason ?? "see hark doctor")}`);
  if (speech.note) notes.push(speech.note);
  notice(notes.join(" "));
  byId("models").replaceChildren(...facts(status));
  return status;
}

/** Says that nothing answers. */
export function showUnreachable() {
  health("bad", "Hark does not answer");
}

function health(dot, words) {
  byId("health").className = `dot ${dot}`;
  byId("health-words").textContent = ` (${words})`;
  byId("health").title = words;
}

function notice(words) {
  const node = byId("notice");
  let hidden = "";
  try {
    hidden = sessionStorage.getItem(HIDDEN) ?? "";
  } catch {
    // No storage in this window: the notice comes back with each load.
  }
  const isNews = byId("notice-text").textContent !== words;
  if (isNews) byId("notice-text").replaceChildren(...withCommands(words));
  node.hidden = !words || hidden === words || (!isNews && node.hidden);
  byId("notice-hide").onclick = () => {
    node.hidden = true;
    byId("text").focus();
    try {
      sessionStorage.setItem(HIDDEN, words);
    } catch {
      // As above.
    }
  };
}

function facts({ speech, language, version, running, limits, uptimeS }) {
  const restarts = language.restarts ? `, started again ${times(language.restarts)}` : "";
  const rows = [
    ["Speech", speech.embedded ? `${speech.name} (built in)` : speech.name, speech.note],
    ["Language", `${language.name} (${language.state}${restarts})`, language.reason && sentence(language.reason)],
    ["Hark", `${version}, up for ${duration(uptimeS)}, ${running || "no"} command${running === 1 ? "" : "s"} under way`],
    ["Limits", `${limits.commandsPerMinute} commands a minute, recordings up to ${limits.audioS}\u00a0s`],
  ];
  return rows.flatMap(([name, value, note]) => [
    element("dt", {}, name),
    element("dd", {}, value, note ? element("p", { class: "note" }, ...withCommands(note)) : null),
  ]);
}

/** Fills the panel, and fills it anew with what stands open left open. */
export async function loadTools() {
  const [, { tools, servers, rejected }] = await Promise.all([refreshStatus(), readTools()]);
  const box = byId("server-list");
  const open = new Set([...box.querySelectorAll("details[open]")].map((details) => details.dataset.key));
  const focused = document.activeElement?.closest?.("#server-list details")?.dataset.key;
  box.replaceChildren(...servers.map((server) => describe(server, tools, rejected, open)));
  if (!servers.length) box.append(element("p", { class: "none" }, "No server is configured."));
  for (const details of box.children) {
    if (focused && details.dataset.key === focused) details.querySelector("summary").focus();
  }
}

function describe(server, tools, rejected, open) {
  const { key, state } = server;
  const own = tools.filter((tool) => tool.service === key);
  const left = rejected.filter((tool) => tool.name.startsWith(`${key}.`));
  const { words, dot } = stateOf(server);
  const count = `${own.length} tool${own.length === 1 ? "" : "s"}${left.length ? `, ${left.length} left out` : ""}`;
  const summary = element(
    "summary",
    {},
    element("span", { class: `dot ${dot}`, "aria-hidden": "true" }),
    element("strong", {}, key),
    element("small", {}, state === "ready" ? count : words),
  );
  const parts = [summary];
  if (server.error) parts.push(element("p", { class: "why" }, ...withCommands(sentence(server.error))));
  parts.push(element("p", { class: "note" }, use(server)));
  if (server.error && server.stderr) {
    parts.push(element("h3", {}, "Its last words"), element("pre", { tabindex: "0" }, server.stderr));
  }
  const rows = own.flatMap((tool) => [
    element("dt", {}, tool.title ?? tool.tool.replaceAll(/[_-]/g, " "), element("span", { class: "effect" }, effect(tool))),
    element("dd", {}, tool.description.split("\n")[0]),
  ]);
  const isLeftOut = left.flatMap((tool) => [
    element("dt", {}, tool.name.slice(key.length + 1), element("span", { class: "effect bad" }, "left out")),
    element("dd", {}, sentence(tool.reason)),
  ]);
  if (rows.length + isLeftOut.length) parts.push(element("dl", { class: "tools" }, ...rows, ...isLeftOut));
  return element("details", { class: "server", "data-key": key, open: open.has(key) || state === "failed" }, ...parts);
}

function use({ transport, serverName, serverVersion, connectMs, callP50Ms, callP95Ms, restarts, state }) {
  const parts = [transport === "stdio" ? "a program on this machine" : "over HTTP"];
  if (serverName) parts.push([serverName, serverVersion].filter(Boolean).join(" "));
  if (connectMs != null) parts.push(`there after ${milliseconds(connectMs)}`);
  if (callP50Ms != null) parts.push(`calls take ${milliseconds(callP50Ms)} (p50), ${milliseconds(callP95Ms)} (p95)`);
  else if (state === "ready") parts.push("not called yet");
  // What never came up was not started, however often it was tried.
  if (restarts) parts.push(`${connectMs == null ? "tried" : "started"} again ${times(restarts)}`);
  return sentence(parts.join("; "));
}

function effect({ annotations: { readOnly, destructive } }) {
  return readOnly ? "only reads" : destructive ? "may change or delete" : "adds";
}

const times = (count) => (count === 1 ? "once" : `${count} times`);

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}
