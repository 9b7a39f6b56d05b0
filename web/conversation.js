// The conversation: sends commands, follows them to their end, and brings back those of the history.

import { announce, announceStage } from "./announcer.js";
import { follow, readCommand, readHistory, sendAudio, sendText, stopCommand } from "./api.js";
import { CommandView } from "./command-view.js";
import { byId } from "./dom.js";

const SESSION = "hark-session";
const MOST_BROUGHT_BACK = 10;
const NEAR_END_PX = 120;
const LOST = "No end of this command is on record: Hark was stopped while it ran.";

/** Names the conversation, so that an answer finds its question; a reload keeps it. */
function sessionId() {
  try {
    const kept = sessionStorage.getItem(SESSION);
    if (kept) return kept;
  } catch {
    // No storage in this window: the conversation then lasts as long as the page.
  }
  // randomUUID exists on https and localhost only; random bytes exist everywhere.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    sessionStorage.setItem(SESSION, made);
  } catch {
    // As above.
  }
  return made;
}

const session = sessionId();
const views = new Map();
let running = [];

/** Carries out a typed command. */
export function typed(words) {
  const again = () => {
    const text = byId("text");
    text.value = words;
    text.dispatchEvent(new Event("input"));
    text.focus();
  };
  return carryOut(words, () => sendText(words, session), ["Edit and send again", again]);
}

/** Carries out a recording: a Blob or a File. */
export function recorded(file) {
  return carryOut("", () => sendAudio(file, session), ["Send again", () => recorded(file)]);
}

/** Shows that something could not even be tried. */
export function refused(said, message) {
  const view = new CommandView({ said });
  add(view);
  view.refuse(message);
  announce(message);
}

/** Stops the latest command under way; tells whether there was one. */
export function stopLatest() {
  running.at(-1)?.();
  return running.length > 0;
}

async function carryOut(said, send, retry) {
  const job = { id: null, isStopped: false };
  const view = new CommandView({ said, onStop: () => stop(job, view) });
  add(view);
  const stopThis = () => stop(job, view);
  running.push(stopThis);
  try {
    job.id = await send();
    views.set(job.id, view);
    if (job.isStopped) tellToStop(job.id);
    await watch(job.id, view);
  } catch (error) {
    const wait = error.retryAfter ? ` Try again in ${error.retryAfter} seconds.` : "";
    const way = job.id ? ["Look again", () => replace(view, job.id)] : retry;
    view.refuse(error.message + wait, way);
    announce(error.message + wait);
  } finally {
    running = running.filter((other) => other !== stopThis);
  }
}

function stop(job, view) {
  job.isStopped = true;
  view.stop.disabled = true;
  view.stop.textContent = "Stopping …";
  if (job.id) tellToStop(job.id);
}

function tellToStop(id) {
  stopCommand(id).catch((error) => {
    // It ended while the request was on its way: its last event says how.
    if (error.code !== "command_finished") announce(error.message);
  });
}

/** Follows a command live. */
async function watch(id, view) {
  await follow(id, (event) => draw(view, event), (isLost) => view.connection(isLost));
}

function draw(view, event) {
  const wasAtEnd = isAtEnd();
  const before = view.stage?.type;
  const outcome = view.show(event);
  if (outcome) announce(outcome.reply);
  else if (event.data?.transcript || view.stage?.type !== before) announceStage(event.message);
  if (wasAtEnd) scrollToEnd();
  if (outcome?.needsClarification && !document.querySelector("dialog[open]")) byId("text").focus();
}

/** Shows a command of the history, live where it still runs. */
export async function reopen(item) {
  const shown = views.get(item.commandId);
  if (shown) {
    shown.node.scrollIntoView({ block: "nearest" });
    return;
  }
  const job = { id: item.commandId };
  const isRunning = item.success == null;
  const view = new CommandView({ said: item.text, onStop: isRunning ? () => stop(job, view) : null });
  views.set(item.commandId, view);
  add(view);
  try {
    const { events, outcome, status } = await readCommand(item.commandId);
    if (status === "running") {
      await watch(item.commandId, view);
      return;
    }
    for (const event of events) {
      if (event.type !== "completed" && event.type !== "error") view.show(event);
    }
    if (outcome) view.end(outcome, Date.parse(events.at(-1)?.timestamp));
    else view.refuse(LOST);
    scrollToEnd();
  } catch (error) {
    view.refuse(error.message, ["Look again", () => replace(view, item.commandId)]);
  }
}

function replace(view, commandId) {
  views.delete(commandId);
  const said = view.words;
  view.node.remove();
  return reopen({ commandId, text: said });
}

/** After a reload: the commands of this conversation, oldest first. */
export async function bringBack() {
  const { commands } = await readHistory({ limit: 50 });
  const mine = commands.filter((item) => item.sessionId === session).slice(0, MOST_BROUGHT_BACK);
  await Promise.all(mine.reverse().map(reopen));
}

function add(view) {
  byId("welcome").hidden = true;
  byId("commands").append(view.node);
  scrollToEnd();
}

function isAtEnd() {
  const main = byId("main");
  return main.scrollHeight - main.scrollTop - main.clientHeight < NEAR_END_PX;
}

function scrollToEnd() {
  // At once: where it is still on its way, the next event cannot tell whether to follow.
  byId("main").scrollTop = byId("main").scrollHeight;
}
