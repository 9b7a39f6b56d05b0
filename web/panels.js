// The panels beside the conversation: history, and the tools, servers and models at hand.

import { readHistory, readStatus, readTools } from "./api.js";
import { byId, element, milliseconds } from "./dom.js";

let opener = null;

/** Wires the panels up; `onReopen(id)` shows a command of the history. */
export function wirePanels({ onReopen, onTrouble }) {
  const loaders = { history: () => loadHistory(onReopen), servers: loadServers };
  for (const button of document.querySelectorAll("[data-panel]")) {
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "true";
      closePanels();
      if (open) return;
      opener = button;
      const panel = byId(button.dataset.panel);
      panel.hidden = false;
      document.body.classList.add("with-panel");
      button.setAttribute("aria-expanded", "true");
      panel.querySelector("h2").focus();
      loaders[button.dataset.panel]().catch((error) => onTrouble(error.message));
    });
  }
  for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", closePanels);
}

/** Closes the open panel and gives the focus back; tells whether one was open. */
export function closePanels() {
  const open = document.body.classList.contains("with-panel");
  document.body.classList.remove("with-panel");
  for (const button of document.querySelectorAll("[data-panel]")) {
    button.setAttribute("aria-expanded", "false");
    byId(button.dataset.panel).hidden = true;
  }
  if (open) opener?.focus();
  return open;
}

async function loadHistory(onReopen, before) {
  const list = byId("history-list");
  const more = byId("history-more");
  const { items, commands } = await readHistory(before);
  const rows = items ?? commands;
  if (!before) list.replaceChildren();
  if (!rows.length && !before) list.append(element("li", {}, "Nothing yet."));
  for (const item of rows) list.append(row(item, onReopen));
  const last = rows.at(-1);
  more.hidden = rows.length < 30;
  more.onclick = () => loadHistory(onReopen, last.commandId);
}

function row(item, onReopen) {
  const when = new Date(item.receivedAt);
  const words = item.text || "(nothing heard)";
  const outcome = item.reply ?? (item.success == null ? "no end on record" : "");
  return element(
    "li",
    {},
    element(
      "button",
      { type: "button", onclick: () => { closePanels(); onReopen(item); } },
      element("span", {}, `${item.spoken ? "🎙 " : ""}${words}`),
      element("small", { class: item.success === false && !item.needsClarification ? "bad" : "" }, outcome),
      element("small", {}, `${when.toLocaleString()} ${item.executionTime ? `· ${milliseconds(item.executionTime)}` : ""}`),
    ),
  );
}

/** The dot of the header, the notice about the models, and the facts of the panel. */
export async function refreshStatus() {
  const status = await readStatus();
  const servers = status.servers ?? [];
  const bad = servers.filter((server) => !["ready", "off", "disabled", "starting"].includes(stateOf(server)));
  const model = status.languageModel ?? {};
  const modelBad = model.state === "failed";
  byId("health").className = `dot ${modelBad || bad.length ? "bad" : servers.some((s) => stateOf(s) === "starting") || model.state === "starting" ? "wait" : "good"}`;
  const notes = [];
  if (status.speech?.note) notes.push(status.speech.note);
  if (modelBad) notes.push(`The language model can't be used: ${model.reason ?? "see hark doctor"}`);
  const notice = byId("notice");
  notice.hidden = !notes.length;
  notice.textContent = notes.join(" ");
  const facts = [
    ["Speech", `${status.speech?.name ?? "?"}${status.speech?.embedded ? " (built in)" : ""}`],
    ["Language", `${model.name ?? "?"}${model.state ? ` (${model.state})` : ""}`],
    ["Version", status.version ?? ""],
  ];
  byId("models").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  return status;
}

const stateOf = (server) => (typeof server.state === "string" ? server.state : Object.keys(server.state ?? {})[0] ?? "");

async function loadServers() {
  const [, { tools, rejected, servers }] = await Promise.all([refreshStatus(), readTools()]);
  byId("server-list").replaceChildren(...servers.map((server) => describe(server, tools, rejected ?? [])));
}

function describe(server, tools, rejected) {
  const state = stateOf(server);
  const mine = (tool) => tool.name.startsWith(`${server.key}.`);
  const own = tools.filter(mine);
  const left = rejected.filter(mine);
  const short = (tool) => tool.name.slice(server.key.length + 1);
  const parts = [
    element(
      "summary",
      {},
      element("span", { class: `dot ${state === "ready" ? "good" : state === "starting" ? "wait" : "bad"}`, "aria-hidden": "true" }),
      element("strong", {}, server.key),
      element("small", {}, state === "ready" ? `${own.length} tools` : state),
    ),
  ];
  if (server.error) parts.push(element("p", { class: "why" }, server.error));
  const rows = own.flatMap((tool) => [element("dt", {}, short(tool)), element("dd", {}, (tool.description ?? "").split("\n")[0])]);
  rows.push(...left.flatMap((tool) => [element("dt", {}, `${short(tool)} (left out)`), element("dd", {}, tool.reason)]));
  if (rows.length) parts.push(element("dl", {}, ...rows));
  return element("details", { class: "server", open: Boolean(server.error) }, ...parts);
}
