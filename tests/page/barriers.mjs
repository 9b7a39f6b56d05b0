// What must hold of every state of the page: nothing keeps anybody out, and nothing is wider than the screen.

import assert from "node:assert/strict";
import { axe } from "./house.mjs";

/** Looks for barriers in the page as it is; `what` names it in a failure. */
export async function inspect(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 200)).join("  ")}`);
  assert.deepEqual(told, [], `barriers in ${what}`);
  const widths = await page.evaluate(() => {
    const boxes = [document.documentElement, ...document.querySelectorAll(".conversation, .panel")];
    return boxes.map((box) => box.scrollWidth - box.clientWidth);
  });
  assert.ok(widths.every((excess) => excess <= 0), `${what} is wider than its place: ${widths}`);
}
