// Elements made of text and children only: nothing from a server is ever read as HTML.

/** `element("li", { class: "now" }, "text", child)` */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** A value for people: text as it is, anything else as indented JSON. */
export function readable(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** A message as a sentence: services write them for logs, with a small letter and without a full stop. */
export function sentence(message) {
  const words = String(message ?? "").trim();
  if (!words) return "";
  return words[0].toUpperCase() + words.slice(1) + (/[.!?…]$/.test(words) ? "" : ".");
}

/** The parts of a text, each command of Hark's in it set apart as code, so that it can be copied. */
export function withCommands(text) {
  return String(text)
    .split(/`?(hark (?:models|doctor|serve)(?: [\w./-]*\w)*)`?/)
    .map((part, index) => (index % 2 ? element("code", {}, part) : part));
}
