// Following a command to its end, over lost connections and beside many others.

import { Refusal, openEvents, readCommand } from "./api.js";

const MOST_FAILURES = 20;
const LONGEST_PAUSE_MS = 5000;
// A browser opens six connections to a server, and some must be left: to stop a command, for one.
const MOST_STREAMS = 3;
const LOOK_AGAIN_MS = 700;

let streams = 0;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const isEnd = (event) => event.type === "completed" || event.type === "error";

/**
 * Calls `show` for each event of a command until the last one. A lost connection is taken up again
 * after the last event seen (at first `after`), so that none is missed and none comes twice; `onConnection(isLost)` tells.
 */
export async function follow(id, show, onConnection = () => {}, after = 0) {
  let last = after;
  let failures = 0;
  let mustStream = false;
  const take = (event) => {
    if (event.seq <= last) return false;
    last = event.seq;
    show(event);
    return isEnd(event);
  };
  const isThere = () => {
    if (failures) onConnection(false);
    failures = 0;
  };
  for (;;) {
    const isStream = mustStream || streams < MOST_STREAMS;
    try {
      if (isStream) {
        streams += 1;
        const events = await openEvents(id, last);
        if (!events) return;
        isThere();
        for await (const event of events) if (take(event)) return;
      } else {
        const { events, outcome, status } = await readCommand(id);
        isThere();
        if (told(events, outcome).some(take)) return;
        // Where it is over without an end, its stream says why.
        mustStream = !outcome && status !== "running";
        await pause(LOOK_AGAIN_MS);
        continue;
      }
    } catch (error) {
      if (error instanceof Refusal && error.status >= 400 && error.status < 500) throw error;
      if (failures >= MOST_FAILURES) throw error;
    } finally {
      if (isStream) streams -= 1;
    }
    if (failures++ === 0) onConnection(true);
    await pause(Math.min(125 * 2 ** failures, LONGEST_PAUSE_MS));
  }
}

/** The events as a stream tells them: the record keeps what is in the last one beside them. */
function told(events, outcome) {
  return events.filter((event) => outcome || !isEnd(event)).map((event) => (isEnd(event) ? { ...event, data: outcome } : event));
}
