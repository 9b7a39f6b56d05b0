// The page in German, from the first look to a command that was carried out; and how a language is chosen.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { model } from "./house.mjs";
import { inspect } from "./barriers.mjs";
import { PHONE, eventually, visit } from "./visit.mjs";

const GERMAN = { locale: "de-AT" };
const language = (visitor) => visitor.page.evaluate(() => document.documentElement.lang);

for (const [screen, settings] of [["a wide screen", {}], ["a phone", { viewport: PHONE, hasTouch: true, isMobile: true }]]) {
  describe(`a browser that asks for German, on ${screen}`, () => {
    test("gets a German page, and German answers to its commands", () =>
      visit(
        async (visitor) => {
          const { page } = visitor;
          await page.getByRole("heading", { name: "Was soll ich tun?" }).waitFor();
          assert.equal(await language(visitor), "de");
          await page.getByRole("list", { name: "Beispiele" }).getByRole("button", { name: "Wie spät ist es in Tokio?" }).waitFor();
          await page.getByRole("region", { name: "Hinweis" }).getByText(/^Es hört das kleine eingebaute Modell/).waitFor();
          await inspect(page, "the German welcome");

          const words = "setz Eier auf die Liste Frühstück und streich den Kuchen";
          model.plans(words, ["desk.add_to_list", { list: "Frühstück", item: "Eier" }], ["desk.check_off", { list: "Frühstück", item: "Kuchen" }]);
          await page.getByRole("textbox", { name: "Befehl" }).fill(words);
          await page.keyboard.press("Enter");
          const command = page.getByRole("list", { name: "Befehle" }).locator(":scope > li");
          const reply = command.locator(".reply");
          await reply.waitFor();
          assert.match(await reply.textContent(), /Eier.*Aber „check off“ hat nicht geklappt: /s);
          const stages = await command.getByRole("list", { name: "Schritte" }).getByRole("listitem").allTextContents();
          assert.deepEqual(stages.map((stage) => stage.match(/^\p{L}+/u)[0]).slice(-3), ["Nachdenken", "Plan", "Ausführen"]);
          assert.match(await command.locator(".total").textContent(), /\d\s(ms|s) insgesamt/);
          const call = command.getByRole("list", { name: "Aufrufe" }).locator(":scope > li").first();
          assert.match(await call.textContent(), /erledigt · /);
          await call.locator("summary").click();
          assert.match(await call.innerText(), /Angaben.*Ergebnis/s);
          await inspect(page, "a German conversation");

          const empty = "mach etwas, das niemand kann";
          model.plans(empty);
          await page.getByRole("textbox", { name: "Befehl" }).fill(empty);
          await page.keyboard.press("Enter");
          await command.nth(1).getByText("Keines der verbundenen Werkzeuge passt dazu.").waitFor();

          await page.getByRole("button", { name: "Verlauf" }).click();
          const row = page.getByRole("region", { name: "Verlauf" }).getByRole("listitem").first();
          await eventually(async () => assert.match(await row.textContent(), /Getippt · \d\d:\d\d · /));
          await inspect(page, "the German history");
          await page.getByRole("button", { name: /^Werkzeuge/ }).click();
          const servers = page.getByRole("region", { name: "Werkzeuge und Modelle" }).locator("details");
          await servers.first().waitFor();
          await eventually(async () => assert.match(await servers.filter({ hasText: "missing" }).innerText(), /nicht erreichbar/));
          await inspect(page, "the German tools");
        },
        { settings: { ...GERMAN, ...settings } },
      ));
  });
}

describe("the language", () => {
  test("is that which the person chose, whatever the browser asks for, and outlasts a reload", () =>
    visit(async (visitor) => {
      await visitor.page.getByRole("heading", { name: "What shall I do?" }).waitFor();
      const choice = visitor.page.getByRole("combobox", { name: "Language" });
      assert.deepEqual(await choice.locator("option").allTextContents(), ["As the browser says", "Deutsch", "English"]);
      await choice.selectOption("de");
      await visitor.page.getByRole("heading", { name: "Was soll ich tun?" }).waitFor();
      await visitor.page.reload();
      const german = visitor.page.getByRole("combobox", { name: "Sprache" });
      await german.waitFor();
      assert.equal(await german.inputValue(), "de");
      await german.selectOption("");
      await visitor.page.getByRole("heading", { name: "What shall I do?" }).waitFor();
      assert.equal(await language(visitor), "en");
    }));

  test("is English where the browser asks for one that there is no catalogue of", () =>
    visit(
      async (visitor) => {
        await visitor.page.getByRole("heading", { name: "What shall I do?" }).waitFor();
        assert.equal(await language(visitor), "en");
      },
      { settings: { locale: "fi-FI" } },
    ));

  test("of numbers is that of the page", () =>
    visit(
      async (visitor) => {
        await visitor.page.getByRole("button", { name: /^Werkzeuge/ }).click();
        const models = visitor.page.locator("#models");
        await eventually(async () => assert.match(await models.innerText(), /1\.000 Befehle pro Minute/));
        assert.match(await models.innerText(), /läuft seit \d/);
      },
      { settings: { locale: "de-DE" } },
    ));
});
