// Says replies aloud with the browser's own voice, where the person wants that. Any key or word of theirs
// ends it at once.

import { byId } from "./dom.js";

const KEPT = "hark-aloud";
const listeners = new Set();
let isOn = false;

/** Calls `tell(isSpeaking)` whenever a reply begins or ends to sound. */
export function onSpeaking(tell) {
  listeners.add(tell);
}

function speaking(is) {
  for (const tell of listeners) tell(is);
}

/** Says it, in the place of whatever is being said. */
export function speak(words) {
  if (!isOn || !words || !("speechSynthesis" in window)) return;
  hush();
  const utterance = new SpeechSynthesisUtterance(words);
  utterance.lang = document.documentElement.lang;
  utterance.addEventListener("start", () => speaking(true));
  utterance.addEventListener("end", () => speaking(false));
  utterance.addEventListener("error", () => speaking(false));
  speechSynthesis.speak(utterance);
}

/** Ends what is being said; tells whether there was anything. */
export function hush() {
  if (!("speechSynthesis" in window) || !(speechSynthesis.speaking || speechSynthesis.pending)) return false;
  speechSynthesis.cancel();
  speaking(false);
  return true;
}

function set(on) {
  isOn = on;
  byId("aloud").setAttribute("aria-pressed", String(on));
  if (!on) hush();
}

/** Wires the switch up; the choice outlasts a reload. */
export function wireSpeaker() {
  const button = byId("aloud");
  button.hidden = !("speechSynthesis" in window);
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // No storage in this window: the choice lasts as long as the page.
  }
  set(kept === "yes");
  button.addEventListener("click", () => {
    set(!isOn);
    try {
      localStorage.setItem(KEPT, isOn ? "yes" : "no");
    } catch {
      // As above.
    }
  });
}
