// What the page remembers: the conversation over a reload, and all commands in the history.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { model } from "./house.mjs";
import { eventually, visit } from "./visit.mjs";

describe("a reload", () => {
  test("brings back the conversation as it was, with what was asked, and goes on with it", () =>
    visit(async (visitor) => {
      model.plans("put rice on the pantry list", ["desk.add_to_list", { list: "pantry", item: "rice" }]);
      model.asks("put something on the cellar list", "What shall I put there?", ["desk.add_to_list", { list: "cellar" }]);
      await (await visitor.type("put rice on the pantry list")).replied(/rice/);
      await (await visitor.type("put something on the cellar list")).replied(/What shall/);
      const before = await shown(visitor);
      await visitor.page.reload();
      await eventually(async () => assert.deepEqual(await shown(visitor), before));
      const call = await visitor.command(0).open(0);
      assert.match(await call.innerText(), /item\s+rice.*Result\s+.*rice/s);
      model.plans("wine", ["desk.add_to_list", { item: "wine" }]);
      const answer = await visitor.type("wine");
      await answer.replied(/wine/);
    }));

  test("in the middle of a command goes on watching it, and can stop it", () =>
    visit(async (visitor) => {
      const words = "show the list that outlasts a reload";
      model.plans(words, ["desk.show_lists", {}]);
      const release = model.holds(words);
      const command = await visitor.type(words);
      await eventually(async () => assert.match(await command.stages.last().textContent(), /Thinking/));
      await visitor.page.reload();
      await eventually(async () => assert.match(await command.stages.last().textContent(), /Thinking/));
      await command.button("Stop").waitFor();
      release();
      await command.replied();
      await eventually(async () => assert.match(await command.calls.nth(0).textContent(), /done/));
    }));

  test("in the middle of a command does not take its stop away", () =>
    visit(async (visitor) => {
      const words = "show the list that is stopped after a reload";
      model.plans(words, ["desk.show_lists", {}]);
      const release = model.holds(words);
      const command = await visitor.type(words);
      await eventually(async () => assert.match(await command.stages.last().textContent(), /Thinking/));
      await visitor.page.reload();
      await command.button("Stop").waitFor();
      await visitor.page.keyboard.press("Escape");
      await command.replied(/stopped/i);
      release();
    }));
});

describe("the history", () => {
  test("has the newest command first, and opens one in another window with all that came of it", async () => {
    model.plans("put tea on the history list", ["desk.add_to_list", { list: "history", item: "tea" }]);
    model.plans("show the history list", ["desk.show_list", { list: "history" }]);
    await visit(async (visitor) => {
      await (await visitor.type("put tea on the history list")).replied(/tea/);
      await (await visitor.type("show the history list")).replied(/tea/);
    });
    await visit(async (visitor) => {
      await visitor.button("History").click();
      const rows = visitor.page.getByRole("region", { name: "History" }).getByRole("listitem");
      await eventually(async () => assert.ok((await rows.count()) >= 2));
      assert.match(await rows.nth(0).textContent(), /^show the history list.*tea.*Typed · \d\d:\d\d · /);
      assert.match(await rows.nth(1).textContent(), /^put tea on the history list/);
      const command = await visitor.begins(() => rows.nth(1).getByRole("button").click());
      await command.replied(/tea/);
      assert.match(await command.calls.nth(0).textContent(), /add to list.*done/);
      assert.equal(await command.button("Stop").count(), 0);
      assert.equal(await visitor.commands.count(), 1, "another window is another conversation");
      await eventually(async () => assert.equal(await rows.first().isVisible(), false));
    });
  });
});

async function shown(visitor) {
  const commands = await visitor.commands.all();
  return Promise.all(commands.map((command) => command.innerText()));
}
