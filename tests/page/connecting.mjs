// What the page does when the network between it and Hark breaks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hark, model } from "./house.mjs";
import { Proxy } from "./proxy.mjs";
import { eventually, visit } from "./visit.mjs";

describe("a broken connection", () => {
  const throughProxy = async (use) => {
    const proxy = await Proxy.start(hark.url);
    try {
      await visit((visitor) => use(visitor, proxy), { at: proxy.url, expects: /net::ERR_/ });
    } finally {
      proxy.stop();
    }
  };

  test("in the middle of a command is taken up again, and nothing of it is missed or comes twice", () =>
    throughProxy(async (visitor, proxy) => {
      const words = "put salt on the lost list and show it";
      model.plans(words, ["desk.add_to_list", { list: "lost", item: "salt" }], ["desk.show_list", { list: "lost" }]);
      const release = model.holds(words);
      const command = await visitor.type(words);
      await eventually(async () => assert.match(await command.stages.last().textContent(), /Thinking/));
      proxy.cut();
      const line = command.node.getByText("Connection lost.");
      await line.waitFor();

      // All the rest happens while nobody can be told of it.
      release();
      await eventually(async () => {
        const { commands } = await (await fetch(new URL("/api/voice/commands?limit=1", hark.url))).json();
        assert.equal(commands[0].success, true);
      });
      await eventually(async () => assert.ok(proxy.refused > 0, "the page tries again by itself"));
      assert.equal(await command.reply.isVisible(), false);
      proxy.mend();
      await command.replied(/salt/);
      assert.equal(await line.isVisible(), false);
      const stages = (await command.stages.allTextContents()).map((stage) => stage.match(/^[A-Z][a-z]+/)[0]);
      assert.deepEqual(stages.slice(-3), ["Thinking", "Plan", "Doing"]);
      assert.equal(new Set(stages).size, stages.length);
      assert.equal(await command.calls.count(), 2);
      assert.match(await (await command.open(1)).innerText(), /Result\s+.*salt/s);
    }));

  test("keeps a command that could not be sent, and the panel says what is wrong", () =>
    throughProxy(async (visitor, proxy) => {
      await visitor.page.getByRole("button", { name: "Tools (" }).waitFor();
      proxy.cut();
      model.plans("show the list after all", ["desk.show_lists", {}]);
      const command = await visitor.type("show the list after all");
      await command.replied(/^Hark does not answer\. Is it still running\?$/);
      // Whether the page has looked once more since the cut, which changes these words, is chance.
      await visitor.page.getByRole("button", { name: "Tools (" }).click();
      await visitor.page.getByRole("region", { name: "Tools and models" }).getByText("Hark does not answer.").waitFor();
      proxy.mend();
      await command.button("Edit and send again").click();
      const again = await visitor.begins(() => visitor.text.press("Enter"));
      await again.replied(/list/);
    }));
});
