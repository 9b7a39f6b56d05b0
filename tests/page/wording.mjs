// The page's words all stand in its catalogues: the same ones in each, and none in the modules.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT, npm } from "./installed.mjs";

const { parse } = npm("acorn");
const web = (name) => readFileSync(join(ROOT, "web", name), "utf8");
const modules = readdirSync(join(ROOT, "web")).filter((name) => name.endsWith(".js"));
const tags = readdirSync(join(ROOT, "web/messages")).map((name) => name.replace(/\.json$/, ""));
const catalogue = (tag) => JSON.parse(web(`messages/${tag}.json`));
const english = catalogue("en");

describe("every catalogue", () => {
  for (const tag of tags) {
    test(`(${tag}) has the phrases of the English one, with the same places and the plurals of its language`, () => {
      const own = catalogue(tag);
      assert.deepEqual(Object.keys(own), Object.keys(english), "the same names in the same order");
      assert.match(own.direction, /^(ltr|rtl)$/);
      const { pluralCategories } = new Intl.PluralRules(tag).resolvedOptions();
      for (const [name, entry] of Object.entries(own)) {
        assert.equal(typeof entry, typeof english[name], name);
        const forms = typeof entry === "string" ? { other: entry } : entry;
        const known = Object.keys(forms).filter((form) => form !== "zero" || pluralCategories.includes(form));
        if (typeof entry === "object") assert.deepEqual(known.sort(), [...pluralCategories].sort(), `the forms of ${name}`);
        const wanted = places(english[name].other ?? english[name]);
        for (const [form, text] of Object.entries(forms)) {
          assert.ok(text.trim(), name);
          // "Once" says the number without naming it.
          const may = (place) => place === "count" && form !== "other";
          const differing = new Set([...wanted, ...places(text)].filter((place) => !(wanted.has(place) && places(text).has(place)) && !may(place)));
          assert.deepEqual([...differing], [], `the places of ${name} (${form})`);
        }
      }
    });
  }

  test("has what the modules and the page ask for, and nothing more", () => {
    const asked = new Set(["direction"]);
    const families = new Set();
    for (const [, name] of web("index.html").matchAll(/data-words[a-z-]*="([^"]*)"/g)) asked.add(name);
    for (const name of modules) {
      for (const [, key] of web(name).matchAll(/"([a-z][A-Za-z]*\.[a-z]\w*)"/g)) if (key in english) asked.add(key);
      for (const [, key] of web(name).matchAll(/phrase(?:Parts)?\("([^"]*)"/g)) asked.add(key);
      for (const [, family] of web(name).matchAll(/phrase\(`(\w+\.)\$\{/g)) families.add(family);
    }
    assert.deepEqual([...asked].filter((name) => !(name in english)), [], "asked for, and not there");
    const idle = Object.keys(english).filter((name) => !asked.has(name) && ![...families].some((family) => name.startsWith(family)));
    assert.deepEqual(idle, [], "there, and never asked for");
  });
});

describe("no word for a person", () => {
  for (const name of modules) {
    test(`stands in ${name}`, () => assert.deepEqual(bareWords(web(name)), []));
  }

  test("stands in index.html but the name", () => {
    const html = web("index.html").replace(/<!--[^]*?-->/g, "");
    const text = html.replace(/<[^>]*>/g, " ").split(/\s+/).filter((word) => /\p{L}/u.test(word));
    assert.deepEqual([...new Set(text)], ["Hark"]);
    const attributes = [...html.matchAll(/\s(?:title|aria-label|placeholder|alt|content)="([^"]*)"/g)].map(([, value]) => value);
    assert.deepEqual(attributes.filter((value) => value && !/^(width=|light dark$)/.test(value)), []);
  });

  test("stands in the styles", () => {
    for (const name of ["style.css", "conversation.css"]) {
      const declarations = [...web(name).matchAll(/content:([^;}]*)/g)].map(([, value]) => value);
      const shown = declarations.flatMap((value) => [...value.matchAll(/"([^"]*)"/g)].map(([, text]) => text));
      assert.ok(name !== "conversation.css" || shown.includes("✓"), "they are read");
      assert.deepEqual(shown.filter((text) => /\p{L}/u.test(text)), [], name);
    }
  });

  test("would go unnoticed", () => {
    for (const bare of [
      `tell("That was too short.")`,
      "tell(`Stopped ${count} commands`)",
      `element("p", {}, "done")`,
      `element("p", { title: "sure" }, words)`,
      `node.textContent = isOn ? "on" : "off"`,
      `element("p", {}, count === 1 ? "once" : other)`,
      `const LOST = "Lost."`,
      `throw new Error("broken")`,
      `announce("gone")`,
    ]) {
      assert.notDeepEqual(bareWords(bare), [], bare);
    }
  });
});

function places(text) {
  return new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, place]) => place));
}

/** Strings of a module that a person would read: sentences anywhere, and anything that is put where text is shown. */
function bareWords(source) {
  const found = [];
  walk(parse(source, { ecmaVersion: "latest", sourceType: "module" }), (node, above) => {
    for (const text of stringsOf(node)) {
      if (/\p{L}/u.test(text) && (isShown(node, above) || isSentence(text)) && !isForPrograms(text, above)) found.push(text);
    }
  });
  return found;
}

function stringsOf(node) {
  if (node.type === "Literal" && typeof node.value === "string") return [node.value];
  return node.type === "TemplateElement" ? [node.value.cooked] : [];
}

const isSentence = (text) => /\p{L}{2,}[^\p{L}]*\s+\p{L}|^\p{Lu}\p{Ll}+$|^\p{Lu}.*[.!?…]$/u.test(text);

// Elements and what is read of them; `tell` and its kin say their first argument.
const SHOWN_PROPERTIES = ["textContent", "innerText", "title", "placeholder", "ariaLabel"];
const SHOWN_ATTRIBUTES = ["title", "aria-label", "placeholder", "alt"];
const SAYING = ["tell", "announce", "announceStage", "say", "Error", "refused", "refuse", "offer", "notice"];

/** Whether the string ends up before a person, looking up as far as the call or the assignment that takes it. */
function isShown(node, above) {
  let child = node;
  for (const parent of [...above].reverse()) {
    switch (parent.type) {
      case "ConditionalExpression":
        if (parent.test === child) return false;
        break;
      case "LogicalExpression":
      case "TemplateLiteral":
        break;
      case "AssignmentExpression":
        return parent.right === child && SHOWN_PROPERTIES.includes(parent.left.property?.name);
      case "Property":
        return parent.value === child && SHOWN_ATTRIBUTES.includes(parent.key.name ?? parent.key.value);
      case "CallExpression":
      case "NewExpression": {
        const called = parent.callee.name ?? parent.callee.property?.name;
        const index = parent.arguments.indexOf(child);
        return (called === "element" && index >= 2) || (SAYING.includes(called) && index === 0) || (called === "refused" && index === 1);
      }
      default:
        return false;
    }
    child = parent;
  }
  return false;
}

// What the protocols and the browser call things, and code that is shown as code.
const NAMES = /^(Content-Type|Accept|Authorization|Bearer |Prefer|Accept-Language|Last-Event-ID|Retry-After|Enter|Escape|Control|GET|DELETE|POST|[A-Z][A-Za-z]+Error|HARK_\w+|Hark)$/;

function isForPrograms(text, above) {
  const parent = above.at(-1);
  const isClass =
    above.some((each) => each.type === "Property" && each.key.name === "class") ||
    above.some((each) => each.type === "AssignmentExpression" && each.left.property?.name === "className");
  const isQuery = parent.type === "CallExpression" && /^(querySelector|querySelectorAll|closest)$/.test(parent.callee.property?.name ?? "");
  return NAMES.test(text) || isClass || isQuery;
}

function walk(node, look, above = []) {
  look(node, above);
  for (const child of Object.values(node)) {
    for (const each of [child].flat()) if (each?.type) walk(each, look, [...above, node]);
  }
}
