// @ts-check
import { button, element, factList, fill, notice, panel } from "./dom.js";
import { capitalize, countOf, formatBytes, formatCount, formatTime, placeName } from "./format.js";
import { askUser, reportError } from "./notices.js";
import { request } from "./request.js";

/**
 * @typedef {import("./types.js").List} List
 * @typedef {import("./listdata.js").ListData} ListData
 */

const shownNotes = 6;
const rowsBelow = 3; // of the headings, in the preview
const kinds = /** @type {Record<string, string>} */ ({ xlsx: "Excel workbook", csv: "CSV text", tsv: "text with tabs", jsonl: "JSON lines" });

/**
 * Draws the screen "Drop": what the file is, and what has to be settled before it can be
 * read. What the program has settled is shown as settled.
 *
 * @param {HTMLElement} place
 * @param {ListData} data
 * @param {{isReadOnly: boolean, next: string}} options
 */
export function drawFileScreen(place, data, options) {
  const { list } = data;
  const settle = (/** @type {Record<string, any>} */ patch) => void data.settle(patch).catch(reportError);
  fill(place, element("div.page", {},
    element("div.title", {}, element("h1", {}, list.name), element("span.local", {}, "Runs on " + placeName() + (list.plan ? "." : ". Nothing has been sent."))),
    list.refusal ? notice("bad", list.refusal.sentence, list.refusal.whatToDo || null) : null,
    list.readings.length > 0 && list.state === "unsettled" ? readingPanel(list, settle, options.isReadOnly) : null,
    element("div.columns.wide-left", {},
      panel("The file", null, element("div.inside", {}, factList([
        ["Name", list.name],
        ["Size", formatBytes(list.size)],
        ["What it is", kinds[list.kind] ?? list.kind],
        ["SHA-256", element("code", {}, list.sha256)],
        ["Dropped by", list.owner + ", " + formatTime(list.madeAt)],
        ["Text encoding", list.settings.encoding],
      ]))),
      list.sheets.length > 0 ? sheetPanel(list, settle, options.isReadOnly) : countPanel(list)),
    list.head.length > 0 ? headPanel(list, settle, options.isReadOnly) : null,
    list.notes.length > 0 ? notePanel(list) : null,
    element("div.actions", {},
      list.state !== "unsettled" && list.state !== "failed" ? element("a.button.primary", { href: options.next }, "Next: the columns") : null,
      options.isReadOnly ? null : button("Discard this list", () => void discard(data), "danger"))));
}

/** @param {List} list */
function countPanel(list) {
  const { rows, ready, toCorrect, repeats, leftOut } = list.counts;
  return panel("The rows", null, element("div.inside", {}, factList([
    ["Ready", formatCount(ready)], ["To correct", formatCount(toCorrect)], ["Repeats", formatCount(repeats)], ["Left out", formatCount(leftOut)], ["All rows", formatCount(rows)],
  ])));
}

/**
 * @param {List} list
 * @param {(patch: Record<string, any>) => void} settle
 * @param {boolean} isReadOnly
 */
function readingPanel(list, settle, isReadOnly) {
  return panel("Which of these reads right?", "letters of another encoding", element("div.choices", { role: "radiogroup", "aria-label": "Readings of the text" },
    ...list.readings.map((reading) => element("label", {},
      element("input", { type: "radio", name: "reading", value: reading.encoding, disabled: isReadOnly, on: { change: () => settle({ encoding: reading.encoding }) } }),
      element("span.grows", {}, reading.words.join(" · ")), element("code.soft", {}, reading.encoding)))));
}

/**
 * @param {List} list
 * @param {(patch: Record<string, any>) => void} settle
 * @param {boolean} isReadOnly
 */
function sheetPanel(list, settle, isReadOnly) {
  return panel("Sheets", countOf(list.sheets.length, "sheet"), element("div.choices", { role: "radiogroup", "aria-label": "Sheet to read" },
    ...list.sheets.map((sheet) => element("label", {},
      element("input", { type: "radio", name: "sheet", value: sheet.name, checked: sheet.read, disabled: isReadOnly, on: { change: () => settle({ sheet: sheet.name }) } }),
      element("span.grows", {}, sheet.name, sheet.hidden ? element("span.soft", {}, " (hidden)") : null),
      sheet.read && list.settings.sheet === "" ? element("span.soft", {}, "has your headings") : null,
      element("span.soft.figures", {}, countOf(sheet.rows, "row"))))));
}

/**
 * @param {List} list
 * @param {(patch: Record<string, any>) => void} settle
 * @param {boolean} isReadOnly
 */
function headPanel(list, settle, isReadOnly) {
  const header = list.head.find((row) => row.header);
  const shown = header ? list.head.filter((row) => row.number <= header.number + rowsBelow) : list.head;
  const width = Math.max(...shown.map((row) => row.cells.length));
  const rows = shown.map((row) => element("tr", { class: row.header ? "is-header" : "" },
    element("th", { scope: "row" }, element("label.pick", {},
      element("input", { type: "radio", name: "header", "aria-label": "Headings in row " + row.number, checked: row.header, disabled: isReadOnly, on: { change: () => settle({ headerRow: row.number }) } }), " " + row.number)),
    ...Array.from({ length: width }, (_, i) => element("td", { title: row.cells[i] ?? "" }, row.cells[i] ?? ""))));
  return panel("Headings", header ? "row " + formatCount(header.number) + (list.settings.headerRow === 0 ? ", found by its words" : ", chosen") : "choose the row that has them",
    element("div.scrolls", {}, element("table.preview", {}, element("caption.unseen", {}, "The first rows of the sheet"), element("tbody", {}, ...rows))));
}

/** @param {List} list */
function notePanel(list) {
  const items = list.notes.map((note) => element("li.state", { class: note.warning ? "is-warn" : "" }, capitalize(note.message)));
  const more = items.splice(shownNotes);
  return panel("Noticed", countOf(list.notes.length, "note"), element("div.inside", {}, element("ul.notes", {}, ...items),
    more.length > 0 ? element("details", {}, element("summary", {}, "Show " + more.length + " more"), element("ul.notes", {}, ...more)) : null));
}

/** @param {ListData} data */
async function discard(data) {
  const choice = await askUser("Discard " + data.list.name + "?", ["The copy of the file and everything that was decided about it are removed from this program. Your own file is not touched."],
    [{ text: "Keep it", value: "" }, { text: "Discard", value: "discard", classes: "danger" }]);
  if (choice !== "discard") return;
  try {
    await request("DELETE", data.path);
    location.assign("/");
  } catch (error) {
    reportError(error);
  }
}
