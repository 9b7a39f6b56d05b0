// The history: newest first, a page at a time; a command that is chosen comes back into the conversation.

import { readHistory } from "./api.js";
import { byId, element, milliseconds } from "./dom.js";
import { closePanels } from "./panels.js";

/** Fills the panel; `onReopen(item)` shows a command. */
export async function loadHistory(onReopen) {
  const list = element("ol", { class: "rows" });
  byId("history-content").replaceChildren(list);
  await page(list, onReopen);
  if (!list.children.length) byId("history-content").replaceChildren(element("p", { class: "none" }, "Nothing yet."));
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
          more.textContent = `${error.message} Try again`;
        }
      },
    },
    "Show earlier ones",
  );
  list.after(more);
}

function row(item, onReopen) {
  // What a person stopped did not go wrong.
  const isBad = item.success === false && !item.needsClarification && item.code !== "cancelled";
  const kind = isBad ? "bad" : item.needsClarification ? "wait" : "";
  const reply = item.reply ?? (item.success == null ? "No end on record yet" : "");
  const took = item.executionTime == null ? "" : ` · ${milliseconds(item.executionTime)}`;
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
      element("strong", {}, item.text || "A recording without words"),
      element("span", { class: `said-back ${kind}`.trim() }, reply),
      element("small", {}, `${item.spoken ? "Spoken" : "Typed"} · ${when(item.receivedAt)}${took}`),
    ),
  );
}

function when(moment) {
  const date = new Date(moment);
  const isToday = date.toDateString() === new Date().toDateString();
  const options = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(undefined, options).format(date);
}
