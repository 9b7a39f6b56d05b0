// The conversation: sends commands, follows them to their end, and brings back those of the history.

import { announce, announceStage } from "./announcer.js";
import { readCommand, readHistory, sendAudio, sendText, stopCommand } from "./api.js";
import { CommandView } from "./command-view.js";
import { byId } from "./dom.js";
import { follow } from "./follow.js";
import { speak } from "./speaker.js";
import { phrase } from "./words.js";

const SESSION = "hark-session";
const MOST_BROUGHT_BACK = 10;
const NEAR_END_PX = 120;

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
/** The command whose question waits for a press on a button. */
let asking = null;

/** Carries out a typed command. */
export function typed(words) {
  const again = () => {
    const text = byId("text");
    text.value = words;
    text.dispatchEvent(new Event("input"));
    text.focus();
  };
  return carryOut(words, () => sendText(words, session), [phrase("command.edit"), again]);
}

/** Carries out a recording: a Blob or a File. */
export function recorded(file) {
  return carryOut("", () => sendAudio(file, session), [phrase("command.sendAgain"), () => recorded(file)]);
}

/** The conversation that commands belong to. */
export const conversationId = () => session;

/**
 * A command that is spoken live. `accepted(id)` once Hark has made a command of it, `show(event)` for its
 * progress, `refuse(message)` where nothing comes of it, `lost()` where the connection is gone.
 */
export function spoken(said = "") {
  const job = begin(said);
  const { view } = job;
  let last = 0;
  return {
    accepted(id) {
      job.id = id;
      views.set(id, view);
      if (job.isStopped) tellToStop(job);
    },
    show(event) {
      last = event.seq;
      const outcome = draw(view, event);
      if (outcome) ended(job);
      return outcome;
    },
    refuse(message) {
      view.refuse(message);
      announce(message);
      ended(job);
    },
    async lost() {
      if (!job.id) {
        // It may have been heard or not, so it is not sent again without being asked to.
        this.refuse(phrase("command.lostUnanswered"));
        return null;
      }
      try {
        return await watch(job.id, view, last);
      } catch (error) {
        view.refuse(error.message);
        view.offer(phrase("command.lookAgain"), () => replace(view, job.id));
        return null;
      } finally {
        ended(job);
      }
    },
  };
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
  if (!running.length) return false;
  stop(running.at(-1));
  return true;
}

/** A command under way, on the page until `running` is told of its end; `id` is what it goes by, once it has one. */
function begin(said, id = null) {
  // Whatever is said next answers it, and a later press would answer something else.
  asking?.withdrawOffers();
  asking = null;
  const job = { id, isStopped: false };
  job.view = new CommandView({ said, onStop: () => stop(job) });
  add(job.view);
  running.push(job);
  return job;
}

function ended(job) {
  running = running.filter((other) => other !== job);
}

async function carryOut(said, send, retry) {
  const job = begin(said);
  const { view } = job;
  try {
    job.id = await send();
    views.set(job.id, view);
    if (job.isStopped) tellToStop(job);
    const outcome = await watch(job.id, view);
    // Typed in vain, so that it may be mended; a recording that was not understood is better spoken anew.
    if (said && outcome?.error && !outcome.results?.length) view.offer(...retry);
  } catch (error) {
    const { message: reason, retryAfter: count } = error;
    const message = count ? phrase("command.tryAgainIn", { reason, count }) : reason;
    const way = job.id ? [phrase("command.lookAgain"), () => replace(view, job.id)] : retry;
    view.refuse(message);
    view.offer(...way);
    announce(message);
  } finally {
    ended(job);
  }
}

function stop(job) {
  if (job.isStopped) return;
  job.isStopped = true;
  job.view.stopping(true);
  if (job.id) tellToStop(job);
}

function tellToStop(job) {
  stopCommand(job.id).catch((error) => {
    // It ended while the request was on its way: its last event says how.
    if (error.code === "command_finished") return;
    job.isStopped = false;
    job.view.stopping(false);
    announce(error.message);
  });
}

/** Follows a command live, to its outcome. */
async function watch(id, view, after = 0) {
  let outcome = null;
  await follow(id, (event) => (outcome = draw(view, event)), (isLost) => view.connection(isLost), after);
  return outcome;
}

function draw(view, event) {
  const wasAtEnd = isAtEnd();
  const before = view.stage?.type;
  const outcome = view.show(event);
  if (event.data?.canAgree) view.agreement = event.data;
  if (outcome?.needsClarification && view.agreement) offerAnswers(view);
  if (outcome) {
    announce(outcome.reply);
    if (outcome.transcript) speak(outcome.reply);
  }
  if (!outcome && (event.data?.transcript || view.stage?.type !== before)) announceStage(event.message);
  if (wasAtEnd) scrollToEnd();
  if (outcome?.needsClarification && !document.querySelector("dialog[open]")) byId("text").focus();
  return outcome;
}

/** A press on a button is the same answer as the word on it. The buttons are there while the question is the last thing said. */
function offerAnswers(view) {
  const names = view.agreement.canAllowAlways ? ["yes", "always", "no"] : ["yes", "no"];
  asking = view;
  for (const name of names) {
    const words = phrase(`answer.${name}`);
    view.offer(words, () => typed(words));
  }
}

/** Shows a command of the history, live where it still runs. */
export async function reopen(item) {
  const shown = views.get(item.commandId);
  if (shown) {
    shown.node.scrollIntoView({ block: "nearest" });
    return;
  }
  const id = item.commandId;
  const job = item.success == null ? begin(item.text, id) : null;
  const view = job?.view ?? new CommandView({ said: item.text });
  views.set(id, view);
  if (!job) add(view);
  try {
    const { events, outcome, status } = await readCommand(id);
    if (status === "running") {
      await watch(id, view);
      return;
    }
    for (const event of events) {
      if (event.type !== "completed" && event.type !== "error") view.show(event);
    }
    if (outcome) view.end(outcome, Date.parse(events.at(-1)?.timestamp));
    else view.refuse(phrase("command.endLost"));
    scrollToEnd();
  } catch (error) {
    view.refuse(error.message);
    view.offer(phrase("command.lookAgain"), () => replace(view, id));
  } finally {
    ended(job);
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
  const place = byId("conversation");
  return place.scrollHeight - place.scrollTop - place.clientHeight < NEAR_END_PX;
}

function scrollToEnd() {
  // At once: where it is still on its way, the next event cannot tell whether to follow.
  byId("conversation").scrollTop = byId("conversation").scrollHeight;
}
