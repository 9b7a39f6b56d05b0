// Everything that the page asks of the server, and nothing else.

import { serverSentEvents } from "./event-stream.js";
import { sentence } from "./dom.js";
import { language, phrase } from "./words.js";

const TOKEN = "hark-token";

/** A refusal of the server: `code` is stable, `message` is for a person. Status 0: no answer came. */
export class Refusal extends Error {
  constructor(status, problem, retryAfter) {
    super(sentence(problem.detail || problem.title || phrase("refusal.status", { status: String(status) })));
    this.status = status;
    this.code = problem.code || "";
    this.retryAfter = retryAfter;
  }
}

let askForToken = null;
let asking = null;
let declined = false;

/** `ask(reason)` shows a dialog and resolves to a token, or to null where the person wants none. */
export function onTokenNeeded(ask) {
  askForToken = ask;
}

// Private windows may have no storage; the token then lives as long as the page.
let held = null;
function token(fresh) {
  try {
    if (fresh) sessionStorage.setItem(TOKEN, fresh);
    return sessionStorage.getItem(TOKEN);
  } catch {
    held = fresh ?? held;
    return held;
  }
}

/** One dialog for all requests that need it. */
async function signIn(reason) {
  asking ??= askForToken(reason).finally(() => (asking = null));
  const given = await asking;
  declined = !given;
  if (given) token(given);
  return Boolean(given);
}

/** `inBackground`: nobody asked for this, so it asks nobody for a token again who gave none. */
async function request(path, { inBackground = false, ...options } = {}) {
  const headers = new Headers(options.headers);
  // Replies and refusals come in the language of the page.
  headers.set("Accept-Language", language);
  const sent = token();
  if (sent) headers.set("Authorization", `Bearer ${sent}`);
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, { detail: phrase("refusal.silent") });
  }
  if (response.ok) return response;
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // Not of Hark's making, so the status has to do.
  }
  if (response.status === 401 && askForToken && !(inBackground && declined)) {
    // Another request may have been answered with a token while this one was on its way.
    const isOld = token() !== sent;
    if (isOld || (await signIn(sent ? phrase("token.wrong") : ""))) {
      return request(path, { inBackground, ...options });
    }
  }
  throw new Refusal(response.status, problem, Number(response.headers.get("Retry-After")) || null);
}

async function json(path, options) {
  return (await request(path, options)).json();
}

const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Sends a typed command; resolves to its id. */
export async function sendText(text, sessionId) {
  const accepted = await json("/api/voice/command", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", Prefer: "respond-async" },
    body: JSON.stringify({ text, sessionId, timezone }),
  });
  return accepted.commandId;
}

/** Sends a recording (a Blob); resolves to the command's id. */
export async function sendAudio(recording, sessionId) {
  const query = new URLSearchParams({ sessionId, timezone });
  const accepted = await json(`/api/voice/command?${query}`, {
    method: "POST",
    // Hark looks at the content; of a file that the browser knows no type for, it only needs the shape.
    headers: {
      "Content-Type": /^audio\//.test(recording.type) ? recording.type : "application/octet-stream",
      Accept: "application/json",
      Prefer: "respond-async",
    },
    body: recording,
  });
  return accepted.commandId;
}

/** Opens a live session. A WebSocket can be given no header, so a token goes as the name of a protocol. */
export function openSocket({ mode, sessionId, rate }) {
  const query = new URLSearchParams({ mode, sessionId, timezone, rate: String(rate), language });
  const address = new URL(`/api/voice/stream?${query}`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const bytes = new TextEncoder().encode(token() ?? "");
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return new WebSocket(address, hex ? ["hark.v1", `hark.token.${hex}`] : ["hark.v1"]);
}

export const stopCommand = (id) => request(`/api/voice/commands/${id}`, { method: "DELETE" });
export const readCommand = (id) => json(`/api/voice/commands/${id}`);
export const readStatus = () => json("/api/status", { inBackground: true });
export const readTools = () => json("/api/tools", { inBackground: true });

/** A page of the history, newest first; `next` is the `before` of the next page. */
export function readHistory({ before, limit = 30 } = {}) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (before) query.set("before", before);
  return json(`/api/voice/commands?${query}`, { inBackground: true });
}

/** The stream of a command's events after number `last`; null where there is nothing left to tell. */
export async function openEvents(id, last) {
  const response = await request(`/api/voice/commands/${id}/events`, {
    headers: { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": String(last) } : {}) },
  });
  return response.status === 204 ? null : serverSentEvents(response.body);
}
