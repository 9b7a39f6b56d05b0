// The page: wires the composer, the microphone, the conversation and the panels together.

import { follow, onTokenNeeded, readCommand, sendAudio, sendText, stopCommand } from "./api.js";
import { CommandView } from "./command-view.js";
import { byId, element } from "./dom.js";
import { Microphone } from "./microphone.js";
import { closePanels, refreshStatus, wirePanels } from "./panels.js";

const EXAMPLES = ["Add milk to the shopping list", "What time is it in Tokyo?", "Set a timer for ten minutes", "What is 17 times 4?"];
const SHORT_PRESS_MS = 350;
const LEAST_SECONDS = 0.25;

// randomUUID exists on https and localhost only; random bytes exist everywhere.
const session = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const commands = byId("commands");
const text = byId("text");
const talk = byId("talk");
const hint = byId("talk-help");
const usualHint = [...hint.childNodes];
let running = [];

function announce(sentence) {
  byId("announcer").textContent = sentence;
}

function add(view) {
  byId("welcome").hidden = true;
  commands.append(view.node);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  view.node.scrollIntoView({ block: "end", behavior: calm ? "auto" : "smooth" });
}

/** Sends a command and shows it to its end. `send` resolves to the command's id. */
async function carryOut(said, send) {
  const job = { id: null, stopped: false };
  const stop = () => {
    job.stopped = true;
    if (job.id) stopCommand(job.id).catch((error) => announce(error.message));
  };
  const view = new CommandView({ said, onStop: stop });
  add(view);
  running.push(stop);
  try {
    job.id = await send();
    if (job.stopped) stop();
    await follow(job.id, (event) => {
      const outcome = view.show(event);
      announce(outcome ? outcome.reply : event.message);
      view.node.scrollIntoView({ block: "nearest" });
      if (outcome?.needsClarification) text.focus();
    });
  } catch (error) {
    const wait = error.retryAfter ? ` Try again in ${error.retryAfter} seconds.` : "";
    view.refuse(error.message + wait);
    announce(error.message + wait);
  } finally {
    running = running.filter((other) => other !== stop);
  }
}

function typed(words) {
  return carryOut(words, () => sendText(words, session));
}

function recorded(file) {
  return carryOut("", () => sendAudio(file, session));
}

// Typing.

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (!words) return;
  text.value = "";
  fit();
  typed(words);
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("composer").requestSubmit();
  }
});
text.addEventListener("input", fit);

function fit() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

byId("upload").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) recorded(file);
});

for (const example of EXAMPLES) {
  byId("examples").append(element("li", {}, element("button", { type: "button", onclick: () => typed(example) }, example)));
}

// Talking: held, or a short press to begin and another to end.

const microphone = new Microphone({
  onLevel: (level) => {
    byId("level").value = level;
    talk.style.setProperty("--loud", Math.min(level, 1).toFixed(2));
  },
  onFull: () => endTalk(),
});
let pressedAt = 0;
let opening = null;

async function beginTalk() {
  if (opening || microphone.recording) return;
  tell("Opening the microphone …");
  opening = microphone.start();
  try {
    await opening;
    talk.setAttribute("aria-pressed", "true");
    byId("talk-name").textContent = "Stop and send";
    byId("level").hidden = false;
    tell("Listening …");
  } catch (error) {
    tell(null);
    add(refused(error.message));
    announce(error.message);
  } finally {
    opening = null;
  }
}

async function endTalk({ send = true } = {}) {
  await opening?.catch(() => {});
  if (!microphone.recording) return;
  const { file, seconds } = microphone.stop();
  talk.setAttribute("aria-pressed", "false");
  byId("talk-name").textContent = "Hold to talk";
  byId("level").hidden = true;
  tell(null);
  if (send && seconds >= LEAST_SECONDS) recorded(file);
}

function tell(words) {
  hint.parentElement.classList.toggle("live", Boolean(words));
  if (words) hint.textContent = words;
  else hint.replaceChildren(...usualHint);
}

function refused(message) {
  const view = new CommandView({ said: "(microphone)" });
  view.refuse(message);
  return view;
}

function press() {
  if (microphone.recording) {
    endTalk();
    pressedAt = 0;
    return;
  }
  pressedAt = performance.now();
  beginTalk();
}

function release() {
  if (!pressedAt) return;
  const held = performance.now() - pressedAt;
  pressedAt = 0;
  if (held >= SHORT_PRESS_MS) endTalk();
}

talk.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  talk.setPointerCapture(event.pointerId);
  press();
});
talk.addEventListener("pointerup", release);
talk.addEventListener("pointercancel", release);
talk.addEventListener("contextmenu", (event) => event.preventDefault());
talk.addEventListener("keydown", (event) => {
  if (event.repeat || (event.key !== " " && event.key !== "Enter")) return;
  event.preventDefault();
  press();
});
talk.addEventListener("keyup", (event) => {
  if (event.key === " " || event.key === "Enter") release();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    if (microphone.recording) endTalk({ send: false });
    else if (!closePanels()) running.at(-1)?.();
  } else if (event.key === " " && event.ctrlKey && !event.repeat) {
    event.preventDefault();
    press();
  }
});
document.addEventListener("keyup", (event) => {
  if (event.key === " " || event.key === "Control") release();
});

// The token, the panels, the status.

onTokenNeeded(
  () =>
    new Promise((resolve) => {
      const dialog = byId("sign-in");
      dialog.addEventListener("close", () => resolve(byId("token").value), { once: true });
      if (!dialog.open) dialog.showModal();
    }),
);

wirePanels({
  onTrouble: announce,
  onReopen: async (item) => {
    const view = new CommandView({ said: item.text });
    add(view);
    try {
      const { events } = await readCommand(item.commandId);
      if (events?.length) events.forEach((event) => view.show(event));
      else view.refuse("No end of this command is on record: Hark was stopped while it ran.");
    } catch (error) {
      view.refuse(error.message);
    }
  },
});

async function watchStatus() {
  try {
    const status = await refreshStatus();
    const settling = (status.servers ?? []).some((server) => server.state === "starting") || status.languageModel?.state === "starting";
    setTimeout(watchStatus, settling ? 1500 : 30_000);
  } catch {
    byId("health").className = "dot bad";
    setTimeout(watchStatus, 5000);
  }
}
watchStatus();
text.focus();
