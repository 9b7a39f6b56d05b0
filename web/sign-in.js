// Asks for the token that a Hark which is not on this machine needs.

import { onTokenNeeded } from "./api.js";
import { byId, element } from "./dom.js";
import { phraseParts } from "./words.js";

/** From now on a request that is refused for want of a token brings up the dialog. */
export function wireSignIn() {
  const setting = element("code", {}, "HARK_SERVER__TOKEN");
  byId("token-text").replaceChildren(...phraseParts("token.text", { setting }));
  onTokenNeeded((reason) => {
    const dialog = byId("sign-in");
    const field = byId("token");
    const why = byId("token-wrong");
    why.hidden = !reason;
    why.textContent = reason;
    field.value = "";
    field.setAttribute("aria-invalid", String(Boolean(reason)));
    dialog.returnValue = "";
    return new Promise((resolve) => {
      const done = () => resolve(dialog.returnValue === "given" ? field.value.trim() : null);
      dialog.addEventListener("close", done, { once: true });
      dialog.showModal();
    });
  });
}
