// One person at the page: how they use it, and what must hold on every visit.

import assert from "node:assert/strict";
import { browser, hark } from "./house.mjs";

// Bounds that are never reached unless something is broken; no test takes its measure from them.
const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 50;
const WIDE = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/**
 * Opens the page for `use(visitor)`. `at` is the address, `microphone` whether the browser may give it,
 * `expects` the errors in the console that belong to the test, `settings` those of the browser's context.
 */
export async function visit(use, { at = hark.url, microphone = true, expects, token, settings } = {}) {
  const permissions = microphone ? ["microphone"] : [];
  const context = await browser.newContext({ viewport: WIDE, locale: "en-GB", timezoneId: "UTC", permissions, ...settings });
  context.setDefaultTimeout(PATIENCE_MS);
  try {
    if (token) await context.addInitScript((kept) => sessionStorage.setItem("hark-token", kept), token);
    const visitor = await Visitor.open(context, at);
    await use(visitor).catch((error) => visitor.explain(error));
    const unexpected = visitor.errors.filter((error) => !expects?.test(error));
    assert.deepEqual(unexpected, [], "errors in the browser's console");
    assert.deepEqual(visitor.strangers, [], "requests that leave Hark");
  } finally {
    await context.close();
  }
}

/** Waits until `check` throws no longer; then what it threw last is the failure. */
export async function eventually(check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

class Visitor {
  static async open(context, at) {
    const visitor = new Visitor();
    visitor.errors = [];
    visitor.strangers = [];
    visitor.page = await context.newPage();
    visitor.page.on("pageerror", (error) => visitor.errors.push(String(error)));
    visitor.page.on("console", (line) => {
      if (["error", "warning"].includes(line.type())) visitor.errors.push(`${line.text()} ${line.location().url}`);
    });
    context.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(at).origin) visitor.strangers.push(request.url());
    });
    const response = await visitor.page.goto(at);
    assert.equal(response.status(), 200, await response.text());
    // The keys mean something once the words are there; nobody types before.
    await visitor.page.locator("html[dir]").waitFor({ state: "attached" });
    return visitor;
  }

  /** Throws a failure on, with what was to be seen when it came. */
  async explain(error) {
    const shown = await this.page.locator("body").innerText().catch(String);
    error.message += `\n\nThe page showed:\n${shown}\n\nIts console:\n${this.errors.join("\n")}`;
    throw error;
  }

  get text() {
    return this.page.getByRole("textbox", { name: "Command" });
  }

  get talk() {
    return this.page.getByRole("button", { name: "Talk" });
  }

  get handsFree() {
    return this.page.getByRole("button", { name: "Hands-free" });
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** What a screen reader was told last. */
  get announced() {
    return this.page.getByRole("status");
  }

  type(words) {
    return this.begins(async () => {
      await this.text.fill(words);
      await this.text.press("Enter");
    });
  }

  upload(file) {
    return this.begins(() => this.page.getByLabel("Send a recording").setInputFiles(file));
  }

  get commands() {
    return this.page.getByRole("list", { name: "Commands" }).locator(":scope > li");
  }

  /** Does `act` and waits for the command that comes of it; a moment can lie between, as after speaking. */
  async begins(act) {
    const before = await this.commands.count();
    await act();
    const begun = this.commands.nth(before);
    await begun.waitFor();
    return new CommandOnPage(begun);
  }

  command(index) {
    return new CommandOnPage(this.commands.nth(index));
  }

  /** Holds the talk button until `seconds` were recorded. */
  speak(seconds) {
    return this.begins(async () => {
      await this.talk.hover();
      await this.page.mouse.down();
      await this.recorded(seconds);
      await this.page.mouse.up();
    });
  }

  /** Waits until the page says that so many seconds were recorded. */
  async recorded(seconds) {
    await eventually(async () => {
      const [, shown] = (await this.page.locator("#live").textContent()).match(/Listening … (\d+)\ss/) ?? [];
      assert.ok(Number(shown) >= seconds, `${shown} s of ${seconds} s are recorded`);
    });
  }
}

class CommandOnPage {
  constructor(node) {
    this.node = node;
  }

  get said() {
    return this.node.locator(".said");
  }

  get stages() {
    return this.node.getByRole("list", { name: "Stages" }).getByRole("listitem");
  }

  get calls() {
    return this.node.getByRole("list", { name: "Calls" }).locator(":scope > li");
  }

  get reply() {
    return this.node.locator(".reply");
  }

  button(name) {
    return this.node.getByRole("button", { name, exact: true });
  }

  /** Waits for the reply; resolves to its words. */
  async replied(expected) {
    await this.reply.waitFor();
    const words = await this.reply.textContent();
    if (expected) assert.match(words, expected);
    return words;
  }

  /** Opens a call and resolves to what stands in it: term to value. */
  async open(index) {
    await this.calls.nth(index).locator("summary").click();
    return this.calls.nth(index).locator(".body");
  }
}
