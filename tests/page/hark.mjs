// Hark as it is, in a folder of its own: the speech model, the desk, history, page.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start, stop } from "./children.mjs";
import { installed } from "./installed.mjs";

const PATIENCE_MS = 60_000;

export class Hark {
  /** `environment` has settings, `servers` what stands in mcp.json. */
  static async start(program, { environment = {}, servers = {} } = {}) {
    const folder = mkdtempSync(join(tmpdir(), "hark-page-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, "data"));
    symlinkSync(installed("models"), join(folder, "data/models"));
    writeFileSync(join(folder, "mcp.json"), JSON.stringify({ mcpServers: servers }));
    const hark = new Hark();
    hark.process = start(program, ["serve", "--bind", "127.0.0.1:0"], {
      cwd: folder,
      // Nothing of the person who runs the tests, such as their own settings.
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        TZ: "UTC",
        HARK_DATA_DIR: join(folder, "data"),
        HARK_SERVER__COMMANDS_PER_MINUTE: "1000",
        HARK_SPEECH__THREADS: "1",
        ...environment,
      },
    });
    hark.url = await hark.address();
    return hark;
  }

  address() {
    const { child } = this.process;
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`hark serve ${why}:\n${this.process.said}`));
      const late = setTimeout(fail, PATIENCE_MS, "does not start");
      child.once("error", (error) => fail(`cannot be started (${error.message})`));
      child.once("exit", (code) => fail(`ended at once with ${code}`));
      child.stdout.on("data", () => {
        const [, address] = this.process.said.match(/Hark is at (http:\S+)\n/) ?? [];
        if (!address) return;
        clearTimeout(late);
        resolve(address);
      });
    });
  }

  stop() {
    return stop(this.process);
  }
}
