// The page: wires the composer, the conversation and the panels together, and keeps an eye on the state.

import { bringBack, recorded, refused, reopen, stopLatest, typed } from "./conversation.js";
import { readTools } from "./api.js";
import { byId, element } from "./dom.js";
import { loadHistory } from "./history-panel.js";
import { closePanels, wirePanels } from "./panels.js";
import { wireSignIn } from "./sign-in.js";
import { hush, wireSpeaker } from "./speaker.js";
import { setLongest, throwAway, wireTalk } from "./talk.js";
import { loadTools, refreshStatus, showUnreachable } from "./tools-panel.js";

// Each is shown only where the tool that it needs is connected.
const EXAMPLES = [
  ["Add milk to the shopping list", "desk.add_to_list"],
  ["What time is it in Tokyo?", "desk.current_time"],
  ["Set a timer for ten minutes", "desk.set_timer"],
  ["What is 17 times 4?", "desk.calculate"],
];
const SETTLING_MS = 1500;
const OPEN_MS = 5000;
const IDLE_MS = 30_000;

const text = byId("text");
let limits = null;

function fit() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

function wireComposer() {
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const words = text.value.trim();
    text.focus();
    if (!words) return;
    text.value = "";
    fit();
    typed(words);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("composer").requestSubmit();
  });
  text.addEventListener("input", fit);
  byId("upload").addEventListener("change", (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    // The server would cut the connection in the middle, which says less.
    if (limits && file.size > limits.audioBytes) {
      refused(file.name, `This file is larger than the ${Math.floor(limits.audioBytes / 2 ** 20)} MiB that are taken.`);
    } else recorded(file);
  });
}

/** On a phone a panel lies over the command line, which then could not be skipped to. */
function wireSkip() {
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    closePanels();
    text.focus();
  });
}

function wireEscape() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
    if (!hush() && !throwAway() && !closePanels()) stopLatest();
  });
}

async function showExamples() {
  const { tools } = await readTools();
  const names = new Set(tools.map((tool) => tool.name));
  const possible = EXAMPLES.filter(([, tool]) => names.has(tool));
  byId("examples").replaceChildren(
    ...possible.map(([words]) => element("li", {}, element("button", { type: "button", onclick: () => typed(words) }, words))),
  );
  byId("examples").hidden = !possible.length;
}

let connected = "";

async function keepWatch() {
  let pause = IDLE_MS;
  try {
    const isOpen = !byId("servers").hidden;
    if (isOpen) await loadTools();
    const status = await refreshStatus();
    limits = status.limits;
    setLongest(limits.audioS);
    const ready = status.servers.map((server) => `${server.key} ${server.tools}`).join();
    if (ready !== connected) await showExamples();
    connected = ready;
    const isSettling = [...status.servers, status.language].some((part) => part.state.endsWith("starting"));
    pause = isSettling ? SETTLING_MS : isOpen ? OPEN_MS : IDLE_MS;
  } catch {
    showUnreachable();
    pause = OPEN_MS;
  }
  setTimeout(keepWatch, pause);
}

wireSignIn();
wireComposer();
wireTalk();
wireSpeaker();
wireSkip();
wireEscape();
wirePanels({ history: () => loadHistory(reopen), servers: loadTools });
// Where nothing answers, the watch says so; a conversation that cannot come back is in the history.
bringBack().catch(() => {});
keepWatch();
text.focus();
