// What a screen reader says. Stages that pass quickly are left out; what ends a command is always said.

import { byId } from "./dom.js";

const SETTLE_MS = 900;
let waiting = 0;

function say(sentence) {
  byId("announcer").textContent = sentence;
}

/** Says a stage if it is still the latest one after a moment. */
export function announceStage(sentence) {
  clearTimeout(waiting);
  waiting = setTimeout(say, SETTLE_MS, sentence);
}

/** Says it now, in the place of any stage that waits. */
export function announce(sentence) {
  clearTimeout(waiting);
  say(sentence);
}
