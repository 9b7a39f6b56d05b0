// Everything that the page asks of the server, and nothing else.

const TOKEN = "hark-token";

/** A refusal of the server: `code` is stable, `message` is for a person. */
export class Refusal extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code || "";
    this.retryAfter = retryAfter;
  }
}

let askForToken = null;

/** `ask` shows a dialog and resolves to a token. */
export function onTokenNeeded(ask) {
  askForToken = ask;
}

function remembered() {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

async function request(path, options = {}) {
  const headers = new Headers(options.headers);
  const token = remembered();
  if (token) headers.set("Authorization", `Bearer ${token}`);
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, { detail: "Hark does not answer. Is it still running?" });
  }
  if (response.status === 401 && askForToken) {
    sessionStorage.setItem(TOKEN, await askForToken());
    return request(path, options);
  }
  if (response.ok) return response;
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // Not of Hark's making, so the status has to do.
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
    headers: { "Content-Type": "application/json", Prefer: "respond-async" },
    body: JSON.stringify({ text, sessionId, timezone }),
  });
  return accepted.commandId;
}

/** Sends a recording (a Blob); resolves to the command's id. */
export async function sendAudio(recording, sessionId) {
  const query = new URLSearchParams({ sessionId, timezone });
  const accepted = await json(`/api/voice/command?${query}`, {
    method: "POST",
    headers: { "Content-Type": recording.type || "application/octet-stream", Prefer: "respond-async" },
    body: recording,
  });
  return accepted.commandId;
}

export const stopCommand = (id) => request(`/api/voice/commands/${id}`, { method: "DELETE" });
export const readCommand = (id) => json(`/api/voice/commands/${id}`);
export const readStatus = () => json("/api/status");
export const readTools = () => json("/api/tools");

export function readHistory(before) {
  const query = new URLSearchParams({ limit: "30" });
  if (before) query.set("before", before);
  return json(`/api/voice/commands?${query}`);
}

/**
 * Calls `show` for each event of a command until the last one. A lost connection is taken up again
 * after the last event seen, so that none is missed and none comes twice.
 */
export async function follow(id, show) {
  let last = 0;
  let failures = 0;
  for (;;) {
    try {
      const response = await request(`/api/voice/commands/${id}/events`, {
        headers: { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": String(last) } : {}) },
      });
      failures = 0;
      for await (const event of serverSentEvents(response.body)) {
        if (event.seq <= last) continue;
        last = event.seq;
        show(event);
        if (event.type === "completed" || event.type === "error") return;
      }
    } catch (error) {
      if (error instanceof Refusal && error.status >= 400 && error.status < 500) throw error;
      if (++failures > 6) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(250 * 2 ** failures, 5000)));
  }
}

/** The `data` of each event of a text/event-stream, parsed (WHATWG HTML, section 9.2). */
async function* serverSentEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let data = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:")) {
        data.push(line.slice(5).replace(/^ /, ""));
      } else if (line === "" && data.length) {
        yield JSON.parse(data.join("\n"));
        data = [];
      }
    }
  }
}
