// The talk button: held, or pressed briefly to begin and again to end; the same with Ctrl+Space.

import { announce } from "./announcer.js";
import { recorded, refused } from "./conversation.js";
import { byId } from "./dom.js";
import { Microphone } from "./microphone.js";

const SHORT_PRESS_MS = 350;
const LEAST_SECONDS = 0.25;

const talk = byId("talk");
const level = byId("level");
const thrower = byId("throw-away");
let pressedAt = 0;
let opening = null;
let ending = null;

const microphone = new Microphone({
  onLevel: (loudness) => {
    level.value = loudness;
    talk.style.setProperty("--loud", Math.min(loudness, 1).toFixed(2));
    if (!microphone.recording) return;
    tell(`Listening … ${Math.floor(microphone.seconds)}\u00a0s. ${pressedAt ? "Release" : "Press"} to send.`, true);
  },
  onFull: () => end(),
});

/** The longest recording that the server takes. */
export function setLongest(seconds) {
  // Some room, since browser and server count a little differently.
  microphone.longestSeconds = Math.max(1, seconds - 2);
}

/** Ends a recording and throws it away; tells whether there was one. */
export function throwAway() {
  if (!microphone.recording && !opening) return false;
  end({ send: false });
  return true;
}

async function begin() {
  if (opening || ending || microphone.recording) return;
  tell("Opening the microphone …");
  opening = microphone.start();
  try {
    await opening;
    talk.setAttribute("aria-pressed", "true");
    level.hidden = false;
  } catch (error) {
    tell("");
    refused("By voice", error.message);
  } finally {
    opening = null;
  }
}

async function end({ send = true } = {}) {
  await opening?.catch(() => {});
  if (!microphone.recording || ending) return;
  ending = microphone.stop();
  const { file, seconds } = await ending;
  ending = null;
  talk.setAttribute("aria-pressed", "false");
  level.hidden = true;
  tell("");
  if (!send) announce("Recording thrown away.");
  else if (seconds >= LEAST_SECONDS) recorded(file);
  else tell("That was too short. Hold the button while you speak.");
}

/** Shows how the recording goes in the place of the hint; nothing brings the hint back. */
function tell(words, canThrowAway = false) {
  byId("live-words").textContent = words;
  byId("live").hidden = !words;
  byId("hint").hidden = Boolean(words);
  thrower.hidden = !canThrowAway;
}

function press() {
  if (microphone.recording) {
    end();
    return;
  }
  pressedAt = performance.now();
  begin();
}

function release() {
  if (!pressedAt) return;
  const held = performance.now() - pressedAt;
  pressedAt = 0;
  if (held >= SHORT_PRESS_MS) end();
}

/** Wires the buttons and the keys up. */
export function wireTalk() {
  // A phone has no Escape.
  thrower.addEventListener("click", () => {
    throwAway();
    talk.focus();
  });
  talk.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    talk.setPointerCapture(event.pointerId);
    press();
  });
  talk.addEventListener("pointerup", release);
  talk.addEventListener("pointercancel", release);
  talk.addEventListener("contextmenu", (event) => event.preventDefault());
  // Assistive tools click without a pointer or a key: `detail` is 0 then.
  talk.addEventListener("click", (event) => {
    if (event.detail !== 0) return;
    press();
    pressedAt = 0;
  });
  talk.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) press();
  });
  talk.addEventListener("keyup", (event) => {
    // Else the browser makes a click of it.
    if (event.key === " ") event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.ctrlKey || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (!event.repeat) press();
  });
  document.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter" || event.key === "Control") release();
  });
  // A key that goes up in another window is never heard of here.
  addEventListener("blur", release);
}
