// The choice of the page's language, each by its own name, so that whoever cannot read this one finds theirs.

import { byId, element } from "./dom.js";
import { chooseLanguage, chosenLanguage, languages, phrase } from "./words.js";

/** Fills the choice and wires it up. */
export function wireLanguageChoice() {
  const choice = byId("language");
  choice.append(element("option", { value: "" }, phrase("language.auto")));
  for (const tag of languages) choice.append(element("option", { value: tag, lang: tag }, ownName(tag)));
  choice.value = languages.includes(chosenLanguage()) ? chosenLanguage() : "";
  choice.addEventListener("change", () => chooseLanguage(choice.value));
}

function ownName(tag) {
  const name = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
  return name[0].toLocaleUpperCase(tag) + name.slice(1);
}
