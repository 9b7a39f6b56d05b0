// The page's own words, in the language that the person chose or else one that the browser asks for. Each
// language is one catalogue in messages/; docs/languages.md says how one is added.

const CHOSEN = "hark-language";
const PLACE = /\{(\w+)\}/;

/** What the person chose; empty where the browser decides. */
export function chosenLanguage() {
  try {
    return localStorage.getItem(CHOSEN) ?? "";
  } catch {
    // No storage in this window: the browser decides.
    return "";
  }
}

/** Keeps the choice, and shows the page anew in that language. */
export function chooseLanguage(tag) {
  try {
    if (tag) localStorage.setItem(CHOSEN, tag);
    else localStorage.removeItem(CHOSEN);
  } catch {
    return;
  }
  location.reload();
}

/** The languages that there are catalogues of, by their tags (BCP 47). */
export const languages = await read("/messages/index.json");
/** The language of this page. */
export const language = best([chosenLanguage(), ...navigator.languages], languages);
const catalogue = await read(`/messages/${language}.json`);

// Of the same language, the browser knows the country too, and thus how times are written there.
const locale = navigator.languages.find((tag) => tag.split("-")[0] === language.split("-")[0]) ?? language;
const plurals = new Intl.PluralRules(language);

async function read(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** The first of the wanted languages that there is, for `de-AT` also `de`; English where there is none. */
function best(wanted, known) {
  for (const tag of wanted) {
    for (let rest = tag; rest; rest = rest.slice(0, Math.max(0, rest.lastIndexOf("-")))) {
      const found = known.find((each) => each.toLowerCase() === rest.toLowerCase());
      if (found) return found;
    }
  }
  return "en";
}

/**
 * The phrase of that name with its places filled; numbers are written as the language does. Where it
 * depends on a number, that is `count`.
 */
export function phrase(name, values = {}) {
  return phraseParts(name, values).join("");
}

/** The same in parts, where a value is an element or a list of them. */
export function phraseParts(name, values = {}) {
  const form = formOf(catalogue[name], values.count) ?? name;
  return form.split(PLACE).flatMap((part, index) => {
    if (index % 2 === 0) return part ? [part] : [];
    const value = values[part];
    return typeof value === "number" ? [number(value)] : [value ?? ""].flat();
  });
}

function formOf(entry, count) {
  if (typeof entry !== "object") return entry;
  return (count === 0 ? entry.zero : undefined) ?? entry[plurals.select(count)] ?? entry.other;
}

/** A number for people. */
export function number(value, options) {
  return new Intl.NumberFormat(locale, options).format(value);
}

/** A share (0 to 1) for people. */
export const percent = (share) => number(share, { style: "percent" });

/** A moment for people: the time where it is today, with the date otherwise. */
export function moment(value) {
  const date = new Date(value);
  const isToday = date.toDateString() === new Date().toDateString();
  const options = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(locale, options).format(date);
}

/** A time for people: `480 ms`, `2.3 s`, `14 s`, never broken between number and unit. */
export function milliseconds(ms) {
  if (ms == null) return "";
  if (ms < 1) return phrase("time.underMillisecond");
  if (ms < 1000) return phrase("time.milliseconds", { count: Math.round(ms) });
  const digits = ms < 10_000 ? 1 : 0;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return phrase("time.seconds", { count: number(ms / 1000, options) });
}

/** How long something has been going on. */
export function duration(seconds) {
  if (seconds < 90) return phrase("time.seconds", { count: Math.round(seconds) });
  if (seconds < 5400) return phrase("time.minutes", { count: Math.round(seconds / 60) });
  return phrase("time.hours", { count: Math.round(seconds / 3600) });
}

// Where a phrase of index.html goes: its text, or one of its attributes.
const PLACES = {
  words: (node, text) => (node.textContent = text),
  wordsTitle: (node, text) => (node.title = text),
  wordsLabel: (node, text) => node.setAttribute("aria-label", text),
  wordsPlaceholder: (node, text) => (node.placeholder = text),
  wordsContent: (node, text) => (node.content = text),
};

/** Says what index.html leaves to the catalogue. */
export function wireWords() {
  document.documentElement.lang = language;
  document.documentElement.dir = catalogue.direction;
  for (const [place, put] of Object.entries(PLACES)) {
    const attribute = `data-${place.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const node of document.querySelectorAll(`[${attribute}]`)) put(node, phrase(node.dataset[place]));
  }
}
