// What all tests of the page share: one browser, one Hark whose language model says what the tests
// wrote down, and one that is all real and asks for a token. Everything else is real in both.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { Hark } from "./hark.mjs";
import { ROOT, chromium, installed, npm } from "./installed.mjs";
import { ScriptedModel } from "./scripted-model.mjs";

/** What the guarded Hark asks for. */
export const TOKEN = "token-of-the-tests";
/** What the microphone hears, once for each time that it is opened. */
export const SPOKEN = { words: /^add milk to the shopping list\.?$/i, seconds: 3 };

const program = resolve(process.argv[2] ?? join(ROOT, "target/debug/hark"));
const faulty = (fault) => ({ command: "python3", args: [join(ROOT, "fixtures/servers/faulty.py"), fault] });

export const model = await ScriptedModel.start();
const opened = await Promise.allSettled([
  Hark.start(program, {
    environment: { HARK_LLM__BASE_URL: model.url, HARK_LLM__MODEL: "scripted", HARK_TOOLS__MCP_CONFIG: "mcp.json" },
    servers: { missing: { command: "no-such-program" }, stuck: faulty("hangs-on-call"), sloppy: faulty("broken-schema") },
  }),
  Hark.start(program, { environment: { HARK_SERVER__TOKEN: TOKEN, HARK_PLANNER__SECONDS: "170", HARK_SERVER__COMMAND_SECONDS: "175" } }),
  npm("playwright-core").chromium.launch({
    executablePath: chromium(),
    // The sandbox needs rights that neither root nor a container has.
    chromiumSandbox: false,
    args: [
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-audio-capture=${recording("list-add")}%noloop`,
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-quic",
      "--no-first-run",
    ],
  }),
]);
export const [hark, guarded, browser] = opened.map(({ value }) => value);

after(async () => {
  await Promise.all([hark?.stop(), guarded?.stop(), browser?.close()]);
  model.stop();
});
const failed = opened.find(({ status }) => status === "rejected");
if (failed) throw failed.reason;

/** The path of a recording of the fixtures. */
export function recording(name) {
  return join(ROOT, `fixtures/audio/${name}.wav`);
}

/** The program that looks for barriers. */
export const axe = readFileSync(installed("node_modules/axe-core/axe.min.js"), "utf8");
