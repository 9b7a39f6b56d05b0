// The programs that the tests start. All of them end with this process, however it ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fstatSync } from "node:fs";

const PATIENCE_MS = 10_000;
const children = new Set();

// Not when everything went well: then they were stopped in peace before.
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
// Whoever runs this holds the other end of the pipe, so its end is the end of them.
if (fstatSync(0).isFIFO()) process.stdin.on("close", () => process.exit(1)).on("error", () => {}).resume().unref();

/** Starts a program; its output is in `said`, as far as it has come. */
export function start(program, args, options) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const started = { child, said: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (started.said += bytes));
  children.add(child);
  child.once("exit", () => children.delete(child));
  return started;
}

/** Asks a program to end, and makes it end where it does not. */
export async function stop({ child }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  child.kill("SIGTERM");
  await once(child, "exit");
  clearTimeout(late);
}
