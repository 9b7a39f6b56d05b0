// Texts of people, tools and servers are shown, never run; and nothing foreign gets into the page.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { model } from "./house.mjs";
import { eventually, visit } from "./visit.mjs";

const HTML = `<img src=x onerror="document.title='taken over'"><script>document.title='taken over'</script>`;

describe("hostile text", () => {
  test("in a command, in arguments and in results is shown as the text that it is", () =>
    visit(async (visitor) => {
      const words = `put ${HTML} on the list`;
      model.plans(words, ["desk.add_to_list", { list: "<b>hostile</b>", item: HTML }], ["desk.show_list", { list: "<b>hostile</b>" }]);
      const command = await visitor.type(words);
      await command.replied(/onerror/);
      assert.equal(await command.said.textContent(), words);
      const call = await command.open(1);
      assert.match(await call.innerText(), /<img src=x onerror=/);
      await visitor.button("History").click();
      const row = visitor.page.getByRole("region", { name: "History" }).getByRole("listitem").first();
      await eventually(async () => assert.ok((await row.textContent()).startsWith(words)));
      await visitor.page.reload();
      await eventually(async () => assert.equal(await command.said.textContent(), words));
      const made = visitor.page.locator("#commands :is(img, script, b), #history :is(img, script, b)");
      assert.equal(await made.count(), 0);
      assert.equal(await visitor.page.title(), "Hark");
    }));

  test("in the name of a recording stays text", () =>
    visit(async (visitor) => {
      await visitor.page.getByRole("list", { name: "Examples" }).waitFor();
      const name = `<img src=x onerror="document.title='taken over'">.wav`;
      const command = await visitor.upload({ name, mimeType: "audio/wav", buffer: Buffer.alloc(9 * 2 ** 20) });
      assert.equal(await command.said.textContent(), name);
      assert.equal(await visitor.page.title(), "Hark");
    }));
});

describe("the page", () => {
  test("is sent with a policy that lets nothing foreign run, and the browser keeps to it", () =>
    visit(
      async (visitor) => {
        const policy = (await visitor.page.reload()).headers()["content-security-policy"];
        assert.match(policy, /default-src 'none'.*script-src 'self'/);
        assert.doesNotMatch(policy, /unsafe/);
        await visitor.page.evaluate(() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'taken over'";
          document.body.append(script);
        });
        const left = await visitor.page.evaluate((elsewhere) => fetch(elsewhere).then(() => "sent", () => "kept back"), "http://127.0.0.1:9/");
        assert.equal(left, "kept back");
        assert.equal(await visitor.page.title(), "Hark");
      },
      { expects: /Content Security Policy/ },
    ));
});
