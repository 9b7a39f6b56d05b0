// What scripts/test-setup and scripts/test-models install. Without it nothing can be proved, so that
// nothing passes.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The path of something under `.tools`. */
export function installed(name) {
  const path = join(ROOT, ".tools", name);
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`make test\`, or scripts/test-setup and scripts/test-models`);
  return path;
}

/** A package of npm. */
export function npm(name) {
  installed(join("node_modules", name));
  return createRequire(join(ROOT, ".tools/"))(name);
}

/** The browser of this machine. */
export function chromium() {
  const folders = process.env.PATH.split(delimiter);
  const paths = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = paths.find(existsSync);
  if (!found) throw new Error("Chromium is missing: run scripts/test-setup");
  return found;
}
