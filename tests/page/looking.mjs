// The panels: the tools with their servers and models, and the notice about the models.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TOKEN, guarded } from "./house.mjs";
import { eventually, visit } from "./visit.mjs";

const panel = (visitor) => visitor.page.getByRole("region", { name: "Tools and models" });
const openPanel = (visitor) => visitor.page.getByRole("button", { name: /^Tools/ }).click();

describe("the panel of tools", () => {
  test("tells what each server can do, and why one can do nothing", () =>
    visit(async (visitor) => {
      await openPanel(visitor);
      const servers = panel(visitor).locator("details");
      const server = (name) => servers.filter({ has: visitor.page.getByText(name, { exact: true }) }).first();

      const missing = server("missing");
      await eventually(async () => assert.match(await missing.innerText(), /not reachable/));
      assert.match(await missing.innerText(), /There is no program "no-such-program"; install it/, "the reason stands open, unasked");

      const desk = server("desk");
      await eventually(async () => assert.match(await desk.locator("summary").innerText(), /\d+ tools/));
      await desk.locator("summary").click();
      assert.match(await desk.innerText(), /Show list\s*only reads/);
      assert.match(await desk.innerText(), /Tell what is on a list, such as the shopping list\./);
      assert.match(await desk.innerText(), /Clear list\s*may change or delete/);

      const sloppy = server("sloppy");
      assert.match(await sloppy.locator("summary").innerText(), /1 tool, \d left out/);
      await sloppy.locator("summary").click();
      assert.match(await sloppy.innerText(), /bad_pattern\s*left out/);
      await visitor.button("Tools (something needs attention)").waitFor();
    }));

  test("names the models, and how to get a speech model that hears people", () =>
    visit(async (visitor) => {
      const notice = visitor.page.getByRole("region", { name: "Notice" });
      await notice.waitFor();
      const commands = await notice.locator("code").allTextContents();
      assert.equal(commands.length, 1);
      assert.match(commands[0], /^hark models fetch \S+$/);
      await openPanel(visitor);
      const models = panel(visitor).locator("#models");
      await eventually(async () => assert.match(await models.innerText(), /Speech\s+hark-mini.*\(built in\)/));
      assert.equal(await models.locator("code").first().textContent(), commands[0]);
      assert.match(await models.innerText(), /Language\s+scripted \(remote\)/);
      assert.match(await models.innerText(), /Limits\s+1,000 commands a minute/);

      await notice.getByRole("button", { name: "Hide" }).click();
      await visitor.page.reload();
      await visitor.page.getByRole("button", { name: "Tools (" }).waitFor();
      assert.equal(await notice.isVisible(), false, "what was hidden stays hidden in this window");
    }));

  test("says when all is well", () =>
    visit((visitor) => visitor.button("Tools (all well)").waitFor(), { at: guarded.url, token: TOKEN }));

  test("closes by its button, by Escape and by the button that opened it, and gives the focus back", () =>
    visit(async (visitor) => {
      const opener = visitor.page.getByRole("button", { name: /^Tools/ });
      const close = {
        "its button": () => panel(visitor).getByRole("button", { name: "Close" }).click(),
        Escape: () => visitor.page.keyboard.press("Escape"),
        "the button that opened it": () => opener.click(),
      };
      for (const [way, act] of Object.entries(close)) {
        await opener.click();
        assert.equal(await opener.getAttribute("aria-expanded"), "true");
        const heading = panel(visitor).getByRole("heading", { name: "Tools and models" });
        assert.ok(await heading.evaluate((node) => node === document.activeElement), `the focus goes in before ${way}`);
        await act();
        assert.equal(await opener.getAttribute("aria-expanded"), "false", way);
        assert.equal(await panel(visitor).isVisible(), false, way);
        assert.ok(await opener.evaluate((node) => node === document.activeElement), `the focus comes back by ${way}`);
      }
    }));
});
