// The history: newest first, a page at a time; a command that is chosen comes back into the conversation.

import { readHistory } from "./api.js";
import { byId, element } from "./dom.js";
import { closePanels } from "./panels.js";
import { milliseconds, moment, phrase } from "./words.js";

/** Fills the panel; `onReopen(item)` shows a command. */
export async function loadHistory(onReopen) {
  const list = element("ol", { class: "rows" });
  byId("history-content").replaceChildren(list);
  await page(list, onReopen);
  if (!list.children.length) byId("history-content").replaceChildren(element("p", { class: "none" }, phrase("history.empty")));
}

async function page(list, onReopen, before) {
  const { commands, next } = await readHistory({ before });
  const rows = commands.map((item) => row(item, onReopen));
  list.append(...rows);
  if (before) rows[0]?.querySelector("button").focus();
  if (!next) return;
  const more = element(
    "button",
    {
      type: "button",
      class: "plain",
      onclick: async () => {
        more.disabled = true;
        try {
          await page(list, onReopen, next);
          more.remove();
        } catch (error) {
          more.disabled = false;
          more.textContent = phrase("history.earlierFailed", { reason: error.message });
        }
      },
    },
    phrase("history.earlier"),
  );
  list.after(more);
}

function row(item, onReopen) {
  // What a person stopped did not go wrong.
  const isBad = item.success === false && !item.needsClarification && item.code !== "cancelled";
  const kind = isBad ? "bad" : item.needsClarification ? "wait" : "";
  const reply = item.reply ?? (item.success == null ? phrase("history.noEnd") : "");
  const how = phrase(item.spoken ? "history.spoken" : "history.typed", { when: moment(item.receivedAt) });
  const took = item.executionTime == null ? how : phrase("history.took", { how, time: milliseconds(item.executionTime) });
  const open = () => {
    closePanels();
    onReopen(item);
  };
  return element(
    "li",
    {},
    element(
      "button",
      { type: "button", onclick: open },
      element("strong", {}, item.text || phrase("command.wordless")),
      element("span", { class: `said-back ${kind}`.trim() }, reply),
      element("small", {}, took),
    ),
  );
}
