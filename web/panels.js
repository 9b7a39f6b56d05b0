// The panels beside the conversation: one is open at a time, and the focus goes there and back.

import { announce } from "./announcer.js";
import { byId, element } from "./dom.js";

let opener = null;

/** `loaders` has a function for each panel, called when it opens. */
export function wirePanels(loaders) {
  for (const button of document.querySelectorAll("[data-panel]")) {
    button.addEventListener("click", () => {
      const wasOpen = button.getAttribute("aria-expanded") === "true";
      closePanels();
      if (wasOpen) return;
      opener = button;
      const panel = byId(button.dataset.panel);
      panel.hidden = false;
      document.body.classList.add("with-panel");
      button.setAttribute("aria-expanded", "true");
      panel.querySelector("h2").focus();
      loaders[button.dataset.panel]().catch((error) => {
        panel.querySelector(".content").replaceChildren(element("p", { class: "why" }, error.message));
        announce(error.message);
      });
    });
  }
  for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", closePanels);
}

/** Closes the open panel and gives the focus back; tells whether one was open. */
export function closePanels() {
  const wasOpen = document.body.classList.contains("with-panel");
  document.body.classList.remove("with-panel");
  for (const button of document.querySelectorAll("[data-panel]")) {
    button.setAttribute("aria-expanded", "false");
    byId(button.dataset.panel).hidden = true;
  }
  if (wasOpen) opener?.focus();
  return wasOpen;
}
