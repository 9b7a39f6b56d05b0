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
        assert.match((await command.stages.allTextContents())[0], /^Hearing(\d+(\.\d)?\s(ms|s))?$/);
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

test("where live sound does not get through, what was held is sent as a recording", () =>
  visit(
    async (visitor) => {
      await visitor.page.evaluate(() => {
        const Real = WebSocket;
        window.WebSocket = class extends Real {
          constructor() {
            super("ws://127.0.0.1:9/nobody");
          }
        };
        for (const state of ["CONNECTING", "OPEN"]) window.WebSocket[state] = Real[state];
      });
      const command = await visitor.speak(SPOKEN.seconds);
      await command.replied(/milk/i);
      assert.match(await command.said.textContent(), SPOKEN.words);
    },
    { expects: /Content Security Policy|WebSocket|violates/ },
  ));

describe("hands-free", () => {
  test("speech itself begins and ends a command, and the switch ends the listening", () =>
    visit(async (visitor) => {
      const command = await visitor.begins(() => visitor.handsFree.click());
      await command.replied(/milk/i);
      assert.match(await command.said.textContent(), SPOKEN.words);
      assert.equal(await visitor.handsFree.getAttribute("aria-pressed"), "true");
      assert.match(await visitor.page.locator("#live").textContent(), /speak whenever you like/);
      await visitor.handsFree.click();
      await eventually(async () => assert.equal(await visitor.announced.textContent(), "Hands-free is off."));
      assert.equal(await visitor.page.locator("#level").isVisible(), false);
      assert.equal(await visitor.commands.count(), 1, "nothing is made of the silence after it");
    }));

  test("shows the words while they are spoken", () =>
    visit(async (visitor) => {
      await visitor.page.evaluate(() => {
        window.seen = [];
        const live = document.getElementById("live-words");
        new MutationObserver(() => window.seen.push(live.textContent)).observe(live, { childList: true });
      });
      const command = await visitor.begins(() => visitor.handsFree.click());
      await command.replied(/milk/i);
      const seen = await visitor.page.evaluate(() => window.seen);
      assert.ok(seen.some((words) => /^“.*milk.*” …$/i.test(words)), seen.join("\n"));
    }));
});

describe("replies to spoken commands", () => {
  test("are read aloud where that is wanted, and the next word of the person ends it", () =>
    visit(async (visitor) => {
      // Headless Chromium has no voices, so what the page gives to the browser is looked at.
      await visitor.page.evaluate(() => {
        window.told = [];
        speechSynthesis.speak = (utterance) => {
          window.told.push(utterance.text);
          Object.defineProperty(speechSynthesis, "speaking", { value: true, configurable: true });
          utterance.dispatchEvent(new Event("start"));
        };
        speechSynthesis.cancel = () => {
          Object.defineProperty(speechSynthesis, "speaking", { value: false, configurable: true });
          window.told.push("(hush)");
        };
      });
      const aloud = visitor.button("Read replies aloud");
      assert.equal(await aloud.getAttribute("aria-pressed"), "false", "nobody is spoken to unasked");
      await aloud.click();
      await (await visitor.type("add milk to the shopping list")).replied(/milk/i);
      assert.deepEqual(await visitor.page.evaluate(() => window.told), [], "what was typed is answered in writing");
      const reply = await (await visitor.upload(recording("list-add"))).replied(/milk/i);
      assert.deepEqual(await visitor.page.evaluate(() => window.told), [reply]);
      await visitor.page.keyboard.press("Escape");
      assert.deepEqual(await visitor.page.evaluate(() => window.told), [reply, "(hush)"]);
      await visitor.page.reload();
      assert.equal(await aloud.getAttribute("aria-pressed"), "true", "the choice is kept");
    }));
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
