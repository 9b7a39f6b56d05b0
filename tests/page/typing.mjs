// A typed command on the page, from its first stage to its reply, and what can come between.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { model } from "./house.mjs";
import { eventually, visit } from "./visit.mjs";

describe("a typed command", () => {
  test("shows its stages with their times, the plan, each call and the reply", () =>
    visit(async (visitor) => {
      const words = "put eggs on the breakfast list and show it";
      model.plans(words, ["desk.add_to_list", { list: "breakfast", item: "eggs" }], ["desk.show_list", { list: "breakfast" }]);
      const release = model.holds(words);
      const command = await visitor.type(words);
      assert.equal(await command.said.textContent(), words);
      assert.equal(await visitor.text.inputValue(), "");

      // Live: the model thinks, and nothing that comes later is there.
      const now = command.stages.and(visitor.page.locator(".now"));
      await eventually(async () => assert.deepEqual(await now.allTextContents(), ["Thinking"]));
      assert.equal(await command.reply.isVisible(), false);
      assert.equal(await command.calls.count(), 0);
      await command.button("Stop").waitFor();

      release();
      await command.replied(/eggs/);
      const stages = await command.stages.allTextContents();
      assert.deepEqual(stages.map((stage) => stage.match(/^[A-Z][a-z]+/)[0]).slice(-3), ["Thinking", "Plan", "Doing"]);
      assert.match(stages.at(-3), /^Thinking\d+(\.\d)?\s(ms|s)$/);
      assert.match(stages.at(-1), /^Doing\d+(\.\d)?\s(ms|s)$/);
      assert.equal(await now.count(), 0);
      assert.equal(await command.button("Stop").count(), 0);
      assert.match(await command.node.locator(".plan").textContent(), /add to list.*show list/i);
      assert.match(await command.node.locator(".total").textContent(), /\d\s(ms|s) in all/);

      assert.match(await command.calls.nth(0).textContent(), /add to list.*desk.*done · /);
      const first = await command.open(0);
      assert.deepEqual(await first.getByRole("term").allTextContents(), ["list", "item"]);
      assert.deepEqual(await first.getByRole("definition").allTextContents(), ["breakfast", "eggs"]);
      assert.match(await first.innerText(), /Result\s+.*eggs/s);
      const second = await command.open(1);
      assert.match(await second.innerText(), /Arguments\s+list\s+breakfast\s+Result\s+.*eggs/s);
      await eventually(async () => assert.equal(await visitor.announced.textContent(), await command.reply.textContent()));
    }));

  test("that fails in one of its calls tells which, why, and what was done all the same", () =>
    visit(async (visitor) => {
      const words = "put bread on the bakery list and check off the cake on it";
      model.plans(words, ["desk.add_to_list", { list: "bakery", item: "bread" }], ["desk.check_off", { list: "bakery", item: "cake" }]);
      const command = await visitor.type(words);
      await command.replied(/bread.*But “check off” did not work/s);
      assert.match(await command.calls.nth(0).textContent(), /done · /);
      assert.match(await command.calls.nth(1).textContent(), /failed · /);
      const call = await command.open(1);
      assert.match(await call.innerText(), /What went wrong\s+.*cake/s);
    }));

  test("that fits no tool is told so", () =>
    visit(async (visitor) => {
      const words = "what is on the list of the king";
      model.plans(words);
      const command = await visitor.type(words);
      await command.replied(/None of the connected tools fits that/);
      assert.equal(await command.calls.count(), 0);
    }));

  test("that lacks something brings a question, and the next one answers it", () =>
    visit(async (visitor) => {
      model.asks("put something on my travel list", "What shall I put on the list?", ["desk.add_to_list", { list: "travel" }]);
      const question = await visitor.type("put something on my travel list");
      await question.replied(/^What shall I put on the list\?$/);
      await eventually(async () => assert.equal(await visitor.announced.textContent(), "What shall I put on the list?"));
      assert.match(await question.node.textContent(), /Answer below/);
      assert.ok(await visitor.text.evaluate((node) => node === document.activeElement), "the answer can be typed at once");

      // The model names the item only: the list comes from the question, and thus from the conversation.
      model.plans("a tent", ["desk.add_to_list", { item: "a tent" }]);
      const answer = await visitor.type("a tent");
      await answer.replied(/tent/);
      const call = await answer.open(0);
      assert.match(await call.innerText(), /list\s+travel/);
      assert.equal(await visitor.commands.count(), 2);
    }));

  test("with more than 4000 characters is refused in words that help, and can be mended", () =>
    visit(
      async (visitor) => {
        const words = "list ".repeat(801).trim();
        const command = await visitor.type(words);
        await command.replied(/^The command has 4004 characters, at most 4000 are taken; shorten it or split it\.$/);
        assert.equal(await command.button("Stop").count(), 0);
        await command.button("Edit and send again").click();
        assert.equal(await visitor.text.inputValue(), words);
      },
      { expects: /status of 422/ },
    ));

  test("can be an example that is offered", () =>
    visit(async (visitor) => {
      model.plans("What is 17 times 4?", ["desk.calculate", { expression: "17 * 4" }]);
      const example = visitor.page.getByRole("list", { name: "Examples" }).getByRole("button", { name: "What is 17 times 4?" });
      const command = await visitor.begins(() => example.click());
      await command.replied(/68/);
    }));
});

describe("a slow command", () => {
  test("is stopped by its button while the model thinks", () =>
    visit(async (visitor) => {
      const words = "show the list that takes long";
      model.plans(words, ["desk.show_lists", {}]);
      const release = model.holds(words);
      const command = await visitor.type(words);
      await command.button("Stop").click();
      await command.replied(/stopped/i);
      assert.equal(await command.calls.count(), 0);
      assert.equal(await command.button("Stop").count(), 0);
      assert.ok(await visitor.text.evaluate((node) => node === document.activeElement), "the focus is not lost");
      release();
    }));

  test("among more of them than a browser has connections is still watched, and stopped", () =>
    visit(async (visitor) => {
      const words = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `show the list that takes long, number ${number}`);
      const releases = words.map((each) => {
        model.plans(each, ["desk.show_lists", {}]);
        return model.holds(each);
      });
      const commands = [];
      for (const each of words) commands.push(await visitor.type(each));
      for (const command of commands) await eventually(async () => assert.match(await command.stages.last().textContent(), /^Thinking/));
      await commands.at(-1).button("Stop").click();
      await commands.at(-1).replied(/stopped/i);
      releases.forEach((release) => release());
      for (const command of commands.slice(0, -1)) await command.replied(/list/);
    }));

  test("is stopped by Escape while a tool hangs, and says what is not known", () =>
    visit(async (visitor) => {
      model.plans("do good with the stuck tool", ["stuck.good", {}]);
      const command = await visitor.type("do good with the stuck tool");
      await eventually(async () => assert.match(await command.calls.nth(0).textContent(), /under way/));
      await visitor.page.keyboard.press("Escape");
      await command.replied(/stopped/i);
      await eventually(async () => assert.match(await command.calls.nth(0).textContent(), /stopped|not known/));
    }));
});
