// The talk button: held, or pressed briefly to begin and again to end; the same with Ctrl+Space. And the
// switch for hands-free, where speech itself begins and ends a command. Both are heard live.

import { announce } from "./announcer.js";
import { conversationId, recorded, refused, spoken } from "./conversation.js";
import { byId, element, sentence } from "./dom.js";
import { LiveSession } from "./live.js";
import { Microphone } from "./microphone.js";
import { hush, onSpeaking } from "./speaker.js";
import { phrase, phraseParts } from "./words.js";

const SHORT_PRESS_MS = 350;
const LEAST_SECONDS = 0.25;

const talk = byId("talk");
const handsFree = byId("hands-free");
const level = byId("level");
const thrower = byId("throw-away");
let pressedAt = 0;
let opening = null;
let ending = null;
let live = null;
let isHandsFree = false;
let words = "";

const microphone = new Microphone({
  onBlock: (block) => live?.send(block),
  onLevel: (loudness) => {
    level.value = loudness;
    talk.style.setProperty("--loud", Math.min(loudness, 1).toFixed(2));
    if (microphone.recording && !isHandsFree) tellListening();
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
  if (isHandsFree) {
    switchOff();
    return true;
  }
  if (!microphone.recording && !opening) return false;
  end({ send: false });
  return true;
}

async function begin() {
  if (opening || ending || microphone.recording) return;
  hush();
  words = "";
  tell(phrase("talk.opening"));
  opening = microphone.start();
  try {
    await opening;
    live = held();
    live.session.say({ type: "press" });
    talk.setAttribute("aria-pressed", "true");
    level.hidden = false;
  } catch (error) {
    tell("");
    refused(phrase("talk.byVoice"), error.message);
  } finally {
    opening = null;
  }
}

async function end({ send = true } = {}) {
  await opening?.catch(() => {});
  if (!microphone.recording || ending) return;
  ending = microphone.stop();
  const { file, seconds } = await ending;
  const held = live;
  ending = live = null;
  talk.setAttribute("aria-pressed", "false");
  level.hidden = true;
  tell("");
  if (send && seconds >= LEAST_SECONDS) {
    // Where live sound does not get through, as behind some proxies, the recording does.
    if (held?.session.isGood) held.release();
    else recorded(file);
    return;
  }
  held?.session.close();
  if (!send) announce(phrase("talk.thrownAway"));
  else tell(phrase("talk.tooShort"));
}

/** The session of one press of the button: one command comes of it. */
function held() {
  let command = null;
  const over = () => session.close();
  const session = new LiveSession({
    mode: "held",
    sessionId: conversationId(),
    rate: microphone.rate,
    onNotice: (notice) => {
      if (notice.type === "partial") show(notice.text);
      else if (notice.type === "refused" || (notice.type === "warning" && !command)) heed(notice);
      else if (notice.type === "command") command?.accepted(notice.commandId);
      else if (notice.seq && command?.show(notice)) over();
    },
    onClose: (isLost) => isLost && command?.lost(),
  });
  const heed = ({ type, message }) => {
    if (type === "warning") tell(sentence(message), true);
    else {
      command?.refuse(sentence(message));
      over();
    }
  };
  const send = (block) => session.send(block);
  const release = () => {
    command = spoken();
    session.say({ type: "release" });
  };
  return { session, send, release };
}

async function switchOn() {
  if (opening || ending || microphone.recording) return;
  hush();
  tell(phrase("talk.opening"));
  opening = microphone.start({ isEndless: true });
  try {
    await opening;
  } catch (error) {
    tell("");
    refused(phrase("talk.byVoice"), error.message);
    return;
  } finally {
    opening = null;
  }
  isHandsFree = true;
  handsFree.setAttribute("aria-pressed", "true");
  level.hidden = false;
  words = "";
  live = openHandsFree();
  tellHandsFree();
  announce(phrase("handsFree.on"));
}

async function switchOff(why = phrase("handsFree.off")) {
  if (!isHandsFree) return;
  isHandsFree = false;
  handsFree.setAttribute("aria-pressed", "false");
  live?.session.close();
  live = null;
  level.hidden = true;
  tell("");
  announce(why);
  await microphone.stop();
}

/** A session in which any number of commands is spoken. */
function openHandsFree() {
  const commands = new Map();
  let latest = "";
  const session = new LiveSession({
    mode: "hands-free",
    sessionId: conversationId(),
    rate: microphone.rate,
    onNotice: (notice) => {
      switch (notice.type) {
        case "speech-start":
          hush();
          return;
        case "partial":
          latest = notice.text;
          tellHandsFree(latest);
          return;
        case "speech-dropped":
        case "speech-end":
          latest = "";
          return;
        case "refused":
        case "warning":
          tellHandsFree("", sentence(notice.message));
          return;
        case "command": {
          const command = spoken(notice.text);
          commands.set(notice.commandId, command);
          command.accepted(notice.commandId);
          tellHandsFree();
          return;
        }
        default:
          if (notice.seq && commands.get(notice.commandId)?.show(notice)) commands.delete(notice.commandId);
      }
    },
    onClose: (isLost) => {
      for (const command of commands.values()) command.lost();
      if (!isLost) return;
      switchOff(phrase("handsFree.lost"));
      tell(phrase("handsFree.lost"));
    },
  });
  return { session, send: (block) => session.send(block) };
}

function show(text) {
  words = text;
  tellListening();
}

function tellListening() {
  const seconds = Math.floor(microphone.seconds);
  const how = phrase(pressedAt ? "talk.listeningHeld" : "talk.listeningPressed", { seconds });
  tell(words ? phrase("talk.heardSoFar", { how, words }) : how, true);
}

function tellHandsFree(text = "", why = "") {
  tell(text ? phrase("handsFree.heardSoFar", { words: text }) : why || phrase("handsFree.waiting"));
}

/** Shows how it goes in the place of the hint; nothing brings the hint back. */
function tell(text, canThrowAway = false) {
  byId("live-words").textContent = text;
  byId("live").hidden = !text;
  byId("hint").hidden = Boolean(text);
  thrower.hidden = !canThrowAway;
}

function press() {
  if (isHandsFree) {
    switchOff();
    return;
  }
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

/** The hint for those who have keys. */
function showKeys() {
  const key = (name) => element("kbd", {}, phrase(name));
  const talkKeys = [key("key.control"), "+", key("key.space")];
  byId("hint-keys").append(...phraseParts("talk.hintKeys", { talkKeys, stopKey: key("key.escape") }));
}

/** Wires the buttons and the keys up. */
export function wireTalk() {
  showKeys();
  // What is said aloud here is no command.
  onSpeaking((on) => live?.session.say({ type: "speaking", on }));
  handsFree.addEventListener("click", () => (isHandsFree ? switchOff() : switchOn()));
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
