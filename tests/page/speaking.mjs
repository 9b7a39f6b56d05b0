// Commands by voice: the browser's microphone plays a recording, and Hark's own speech model listens.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { SPOKEN, TOKEN, guarded, model, recording } from "./house.mjs";
import { eventually, visit } from "./visit.mjs";

const PLAN = ["desk.add_to_list", { list: "shopping", item: "milk" }];
model.plans("Add milk to the shopping list.", PLAN);
model.plans("add milk to the shopping list", PLAN);

describe("a spoken command", () => {
  test("is heard while the talk button is held, and carried out with nothing but what Hark brings", () =>
    visit(
      async (visitor) => {
        const command = await visitor.speak(SPOKEN.seconds);
        // The language model is a heavy one for a machine that does other things too.
        await command.reply.waitFor({ timeout: 180_000 });
        await command.replied(/milk/i);
        assert.match(await command.said.textContent(), SPOKEN.words);
        assert.match((await command.stages.allTextContents())[0], /^Hearing\d+(\.\d)?\s(ms|s)$/);
        assert.match(await command.calls.nth(0).textContent(), /add to list.*done/);
      },
      { at: guarded.url, token: TOKEN },
    ));

  test("can be begun and ended by a short press each, and silence is told apart from words", () =>
    visit(async (visitor) => {
      await visitor.talk.click();
      await eventually(async () => assert.equal(await visitor.talk.getAttribute("aria-pressed"), "true"));
      await visitor.recorded(SPOKEN.seconds);
      const command = await visitor.begins(() => visitor.talk.click());
      await command.replied(/milk/i);
      await eventually(async () => assert.equal(await visitor.talk.getAttribute("aria-pressed"), "false"));

      // The microphone is still open, and the recording that it plays is over.
      const silence = await visitor.speak(1);
      await silence.replied(/^Nothing was said/);
      assert.equal(await silence.calls.count(), 0);
    }));

  for (const [way, act] of [
    ["with Escape", (visitor) => visitor.page.keyboard.press("Escape")],
    ["with its button", (visitor) => visitor.button("Throw away").click()],
  ]) {
    test(`can be thrown away ${way}`, () =>
      visit(async (visitor) => {
        await visitor.page.keyboard.press("Control+Space");
        await visitor.recorded(1);
        await act(visitor);
        await eventually(async () => assert.equal(await visitor.announced.textContent(), "Recording thrown away."));
        assert.equal(await visitor.commands.count(), 0);
        assert.equal(await visitor.talk.getAttribute("aria-pressed"), "false");
        assert.equal(await visitor.button("Throw away").isVisible(), false);
      }));
  }

  test("needs no mouse: Ctrl+Space is held instead", () =>
    visit(async (visitor) => {
      const command = await visitor.begins(async () => {
        await visitor.page.keyboard.down("Control");
        await visitor.page.keyboard.down("Space");
        await visitor.recorded(SPOKEN.seconds);
        await visitor.page.keyboard.up("Space");
        await visitor.page.keyboard.up("Control");
      });
      await command.replied(/milk/i);
      assert.equal(await visitor.text.inputValue(), "", "the space is no part of a command");
    }));

  test("that the browser gives no microphone for says what to do", () =>
    visit(
      async (visitor) => {
        const command = await visitor.begins(() => visitor.talk.click());
        await command.replied(/Allow it beside the address/);
      },
      { microphone: false },
    ));
});

describe("a recording", () => {
  test("is sent as a file", () =>
    visit(async (visitor) => {
      const command = await visitor.upload(recording("list-add"));
      await command.replied(/milk/i);
      assert.match(await command.said.textContent(), SPOKEN.words);
    }));

  test("of silence is told in words that help", () =>
    visit(async (visitor) => {
      const command = await visitor.upload(recording("silence"));
      await command.replied(/^Nothing was said: the recording is silent/);
      assert.equal(await command.said.textContent(), "A recording without words");
    }));

  test("that is none is told in words that help", () =>
    visit(async (visitor) => {
      const command = await visitor.upload({ name: "letter.wav", mimeType: "audio/wav", buffer: Buffer.from("Dear Anna") });
      await command.replied(/can't be read as sound; send WAV, FLAC, MP3/);
    }));

  test("that is too large is refused before it is sent", () =>
    visit(async (visitor) => {
      await visitor.page.getByRole("list", { name: "Examples" }).waitFor();
      const sound = readFileSync(recording("silence"));
      const buffer = Buffer.concat([sound, Buffer.alloc(8 * 2 ** 20)]);
      const command = await visitor.upload({ name: "long.wav", mimeType: "audio/wav", buffer });
      await command.replied(/larger than the 8 MiB/);
      assert.equal(await command.said.textContent(), "long.wav");
    }));
});
