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

export function milliseconds(ms) {
  if (ms == null) return "";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** A value for people: text as it is, anything else as indented JSON. */
export function readable(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
