// A Hark that asks for a token.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TOKEN, guarded } from "./house.mjs";
import { eventually, visit } from "./visit.mjs";

const settings = { at: guarded.url, expects: /status of 401/ };
const dialog = (visitor) => visitor.page.getByRole("dialog", { name: "Access token" });

describe("the token", () => {
  test("is asked for, refused when it is wrong, and kept in this window when it is right", () =>
    visit(async (visitor) => {
      const field = dialog(visitor).getByLabel("Token", { exact: true });
      await field.waitFor();
      assert.ok(await field.evaluate((node) => node === document.activeElement));
      assert.equal(await dialog(visitor).locator("#token-wrong").isVisible(), false);
      await field.fill("not the right one");
      await field.press("Enter");
      await dialog(visitor).getByText("That token is not known here.").waitFor();
      assert.equal(await field.inputValue(), "");
      await field.fill(TOKEN);
      await dialog(visitor).getByRole("button", { name: "Continue" }).click();
      await visitor.button("Tools (all well)").waitFor();
      assert.equal(await dialog(visitor).isVisible(), false);
      await visitor.page.reload();
      await visitor.button("Tools (all well)").waitFor();
      assert.equal(await dialog(visitor).isVisible(), false);
    }, settings));

  test("that is not given now is asked for once more, with the first command", () =>
    visit(async (visitor) => {
      await dialog(visitor).getByRole("button", { name: "Not now" }).click();
      await eventually(async () => assert.equal(await dialog(visitor).isVisible(), false));
      const command = await visitor.type("what time is it");
      await dialog(visitor).waitFor();
      await visitor.page.keyboard.press("Escape");
      await command.replied(/token/);
      assert.equal(await dialog(visitor).isVisible(), false);
    }, settings));
});
