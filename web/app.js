// The page: wires the composer, the conversation and the panels together, and keeps an eye on the state.

import { bringBack, recorded, refused, reopen, stopLatest, typed } from "./conversation.js";
import { readTools } from "./api.js";
import { byId, element } from "./dom.js";
import { loadHistory } from "./history-panel.js";
import { wireLanguageChoice } from "./language-choice.js";
import { closePanels, wirePanels } from "./panels.js";
import { wireSignIn } from "./sign-in.js";
import { hush, wireSpeaker } from "./speaker.js";
import { setLongest, throwAway, wireTalk } from "./talk.js";
import { loadTools, refreshStatus, showUnreachable } from "./tools-panel.js";
import { language, phrase, wireWords } from "./words.js";

// Each is shown only where the tool that it needs is connected.
const EXAMPLES = [
  ["examples.list", "desk.add_to_list"],
  ["examples.clock", "desk.current_time"],
  ["examples.timer", "desk.set_timer"],
  ["examples.sum", "desk.calculate"],
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
      refused(file.name, phrase("composer.tooLarge", { mebibytes: Math.floor(limits.audioBytes / 2 ** 20) }));
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

async function showExamples(isLocal) {
  // Nothing is offered that may well not be understood.
  const isForeign = isLocal && language !== "en";
  byId("welcome-note").hidden = !isForeign;
  byId("welcome-note").textContent = phrase("welcome.english");
  if (isForeign) return;
  const { tools } = await readTools();
  const names = new Set(tools.map((tool) => tool.name));
  const possible = EXAMPLES.filter(([, tool]) => names.has(tool));
  byId("examples").replaceChildren(
    ...possible.map(([name]) => {
      const words = phrase(name);
      return element("li", {}, element("button", { type: "button", onclick: () => typed(words) }, words));
    }),
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
    if (ready !== connected) await showExamples(status.language.local);
    connected = ready;
    const isSettling = [...status.servers, status.language].some((part) => part.state.endsWith("starting"));
    pause = isSettling ? SETTLING_MS : isOpen ? OPEN_MS : IDLE_MS;
  } catch {
    showUnreachable();
    pause = OPEN_MS;
  }
  setTimeout(keepWatch, pause);
}

wireWords();
wireLanguageChoice();
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
