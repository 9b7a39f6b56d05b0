// The page for those who use a keyboard, a screen reader, a phone, or see little.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "./barriers.mjs";
import { guarded, model, recording } from "./house.mjs";
import { PHONE, eventually, visit } from "./visit.mjs";

const focused = (visitor) => visitor.page.evaluate(() => {
  const node = document.activeElement;
  return node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent;
});

describe("with the keyboard alone", () => {
  test("everything is reached, in the order in which it is seen", () =>
    visit(async (visitor) => {
      await visitor.page.getByRole("list", { name: "Examples" }).waitFor();
      await visitor.page.getByRole("button", { name: "Tools (something" }).waitFor();
      assert.equal(await focused(visitor), "Command", "typing can begin at once");
      // From the top, as after the address bar.
      await visitor.page.locator(".skip").focus();
      const order = [await focused(visitor)];
      for (let step = 0; step < 15; step += 1) {
        await visitor.page.keyboard.press("Tab");
        order.push(await focused(visitor));
      }
      assert.deepEqual(order, [
        "Skip to the command line",
        "Language",
        "Read replies aloud",
        "History",
        "Tools (something needs attention)",
        "Hide",
        "Conversation",
        "Add milk to the shopping list",
        "What time is it in Tokyo?",
        "Set a timer for ten minutes",
        "What is 17 times 4?",
        "Command",
        "Send",
        "Talk",
        "Hands-free",
        "Send a recording",
      ]);
    }));

  test("the skip link leads to the command line, Shift+Enter breaks a line and Enter sends", () =>
    visit(async (visitor) => {
      const skip = visitor.page.getByRole("link", { name: "Skip to the command line" });
      await skip.focus();
      const box = await skip.boundingBox();
      assert.ok(box.x >= 0 && box.y >= 0, "who reaches it sees it");
      await skip.press("Enter");
      assert.equal(await focused(visitor), "Command");
      model.plans("show the list\nof all lists", ["desk.show_lists", {}]);
      await visitor.page.keyboard.type("show the list");
      await visitor.page.keyboard.press("Shift+Enter");
      await visitor.page.keyboard.type("of all lists");
      const command = await visitor.begins(() => visitor.page.keyboard.press("Enter"));
      await command.replied(/list/);
      assert.equal(await command.said.textContent(), "show the list\nof all lists");
      await visitor.page.keyboard.press("Enter");
      assert.equal(await visitor.commands.count(), 1, "an empty line is no command");
    }));

  test("the skip link leads there from a panel that covers a phone, too", () =>
    visit(
      async (visitor) => {
        await visitor.button("History").click();
        assert.equal(await visitor.text.isVisible(), false);
        await visitor.page.getByRole("link", { name: "Skip to the command line" }).press("Enter");
        assert.equal(await focused(visitor), "Command");
        assert.ok(await visitor.text.isVisible());
      },
      { settings: { viewport: PHONE } },
    ));

  test("a call is opened and its result reached", () =>
    visit(async (visitor) => {
      const words = "show the list for the keyboard";
      model.plans(words, ["desk.add_to_list", { list: "keyboard", item: "keys" }]);
      const command = await visitor.type(words);
      await command.replied();
      await visitor.page.keyboard.press("Shift+Tab");
      assert.match(await focused(visitor), /^add to list/);
      await visitor.page.keyboard.press("Enter");
      await visitor.page.keyboard.press("Tab");
      assert.match(await focused(visitor), /keys/);
    }));
});

describe("a screen reader", () => {
  test("is told the stages that last, and the end", () =>
    visit(async (visitor) => {
      const words = "show the list to those who listen";
      model.plans(words, ["desk.add_to_list", { list: "listeners", item: "voices" }]);
      const release = model.holds(words);
      const command = await visitor.type(words);
      await eventually(async () => assert.match(await visitor.announced.textContent(), /\w/));
      const stage = await visitor.announced.textContent();
      release();
      const reply = await command.replied();
      await eventually(async () => assert.equal(await visitor.announced.textContent(), reply));
      assert.notEqual(stage, reply);
    }));
});

for (const [screen, viewport] of [["a wide screen", { width: 1280, height: 800 }], ["a phone", PHONE]]) {
  for (const colorScheme of ["light", "dark"]) {
    describe(`on ${screen} in ${colorScheme} colours`, () => {
      test("nothing keeps anybody out, whatever stands open, and nothing is wider than the screen", () =>
        visit(
          async (visitor) => {
            const { page } = visitor;
            await page.getByRole("list", { name: "Examples" }).waitFor();
            await page.getByRole("region", { name: "Notice" }).waitFor();
            await inspect(page, "the welcome");
            await fill(visitor);
            await inspect(page, "a conversation");
            await visitor.button("History").click();
            await page.getByRole("region", { name: "History" }).getByRole("listitem").first().waitFor();
            await inspect(page, "the history");
            await page.getByRole("button", { name: /^Tools/ }).click();
            const servers = page.getByRole("region", { name: "Tools and models" }).locator("details");
            await servers.first().waitFor();
            for (const server of await servers.all()) await server.evaluate((details) => (details.open = true));
            await inspect(page, "the tools");
          },
          { settings: { viewport, colorScheme }, expects: /status of 422/ },
        ));
    });
  }
}

test("the dialog for the token keeps nobody out", () =>
  visit(
    async ({ page }) => {
      const field = page.getByLabel("Token", { exact: true });
      await field.fill("not the right one");
      await field.press("Enter");
      await page.getByText("That token is not known here.").waitFor();
      await inspect(page, "the dialog");
    },
    { at: guarded.url, expects: /status of 401/, settings: { viewport: { width: 320, height: 480 } } },
  ));

/** A conversation with one of each: done, failed, a question, an error, one under way. */
async function fill(visitor) {
  const both = "put a very long thing on the list and check off the moon";
  const item = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
  model.plans(both, ["desk.add_to_list", { list: "long", item }], ["desk.check_off", { list: "long", item: "moon" }]);
  model.asks("put it on a list", "What shall I put on the list?", ["desk.add_to_list", { list: "some" }]);
  const command = await visitor.type(both);
  await command.replied();
  for (const index of [0, 1]) await command.open(index);
  await (await visitor.type("put it on a list")).replied();
  await (await visitor.upload(recording("silence"))).replied();
  await (await visitor.type("list ".repeat(900))).replied();
  model.plans("do good, stuck as ever", ["stuck.good", {}]);
  const running = await visitor.type("do good, stuck as ever");
  await eventually(async () => assert.match(await running.calls.nth(0).textContent(), /under way/));
}
