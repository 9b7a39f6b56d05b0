// The tools, servers and models at hand: how they are, why one is not, and how fast they answer.

import { readStatus, readTools } from "./api.js";
import { byId, element, sentence, withCommands } from "./dom.js";
import { duration, milliseconds, phrase } from "./words.js";

const HIDDEN = "hark-notice-hidden";
const SERVER_DOTS = { ready: "good", starting: "wait", degraded: "wait", failed: "bad", quarantined: "wait", off: "" };
const MODEL_DOTS = { ready: "good", remote: "good", starting: "wait", restarting: "wait", failed: "bad" };

/** A state that this page does not know is shown as it came. */
function stateOf({ state }) {
  return state in SERVER_DOTS ? { words: phrase(`server.${state}`), dot: SERVER_DOTS[state] } : { words: state, dot: "wait" };
}

/** The dot of the header and the notice about the models; resolves to the status. */
export async function refreshStatus() {
  const status = await readStatus();
  const { language, servers, speech } = status;
  const dots = [MODEL_DOTS[language.state] ?? "wait", ...servers.map((server) => stateOf(server).dot)];
  const worst = dots.includes("bad") ? "bad" : dots.includes("wait") ? "wait" : "good";
  health(worst, phrase(`tools.${worst}`));
  const notes = [];
  if (language.state === "failed") {
    const reason = sentence(language.reason ?? phrase("model.seeDoctor"));
    notes.push(phrase("model.unusable", { reason }));
  }
  if (speech.note) notes.push(speech.note);
  notice(notes.join(" "));
  byId("models").replaceChildren(...facts(status));
  return status;
}

/** Says that nothing answers. */
export function showUnreachable() {
  health("bad", phrase("tools.silent"));
}

function health(dot, words) {
  byId("health").className = `dot ${dot}`;
  byId("health-words").textContent = phrase("tools.health", { state: words });
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
  const states = [language.state in MODEL_DOTS ? phrase(`model.${language.state}`) : language.state];
  if (language.restarts) states.push(phrase("server.restarted", { count: language.restarts }));
  const model = phrase("model.state", { name: language.name, state: states.join(", ") });
  const { commandsPerMinute: commands, audioS: seconds } = limits;
  const rows = [
    [phrase("model.speech"), speech.embedded ? phrase("model.builtIn", speech) : speech.name, speech.note],
    [phrase("model.language"), model, language.reason && sentence(language.reason)],
    ["Hark", phrase("hark.running", { version, time: duration(uptimeS), count: running })],
    [phrase("model.limits"), phrase("hark.limits", { commands, seconds })],
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
  if (!servers.length) box.append(element("p", { class: "none" }, phrase("tools.none")));
  for (const details of box.children) {
    if (focused && details.dataset.key === focused) details.querySelector("summary").focus();
  }
}

function describe(server, tools, rejected, open) {
  const { key, state } = server;
  const own = tools.filter((tool) => tool.service === key);
  const left = rejected.filter((tool) => tool.name.startsWith(`${key}.`));
  const { words, dot } = stateOf(server);
  const all = phrase("tools.count", { count: own.length });
  const count = left.length ? phrase("tools.countLeftOut", { tools: all, leftOut: left.length }) : all;
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
    parts.push(element("h3", {}, phrase("server.lastWords")), element("pre", { tabindex: "0" }, server.stderr));
  }
  const rows = own.flatMap((tool) => [
    element("dt", {}, tool.title ?? tool.tool.replaceAll(/[_-]/g, " "), element("span", { class: "effect" }, effect(tool))),
    element("dd", {}, tool.description.split("\n")[0]),
  ]);
  const isLeftOut = left.flatMap((tool) => [
    element("dt", {}, tool.name.slice(key.length + 1), element("span", { class: "effect bad" }, phrase("tools.leftOut"))),
    element("dd", {}, sentence(tool.reason)),
  ]);
  if (rows.length + isLeftOut.length) parts.push(element("dl", { class: "tools" }, ...rows, ...isLeftOut));
  return element("details", { class: "server", "data-key": key, open: open.has(key) || state === "failed" }, ...parts);
}

function use({ transport, serverName, serverVersion, connectMs, callP50Ms, callP95Ms, restarts, state }) {
  const parts = [phrase(transport === "stdio" ? "server.program" : "server.http")];
  if (serverName) parts.push([serverName, serverVersion].filter(Boolean).join(" "));
  if (connectMs != null) parts.push(phrase("server.connected", { time: milliseconds(connectMs) }));
  if (callP50Ms != null) {
    parts.push(phrase("server.calls", { median: milliseconds(callP50Ms), slow: milliseconds(callP95Ms) }));
  } else if (state === "ready") parts.push(phrase("server.uncalled"));
  // What never came up was not started, however often it was tried.
  if (restarts) parts.push(phrase(connectMs == null ? "server.tried" : "server.restarted", { count: restarts }));
  return sentence(parts.join("; "));
}

function effect({ annotations: { readOnly, destructive } }) {
  return phrase(readOnly ? "tools.reads" : destructive ? "tools.destroys" : "tools.adds");
}
