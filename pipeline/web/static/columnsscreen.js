// @ts-check
import { element, fill, linkButton, notice, panel } from "./dom.js";
import { choicesOf, fieldLabel } from "./fields.js";
import { countOf, placeName } from "./format.js";
import { keepButton } from "./mapping.js";
import { reportError, showCommand } from "./notices.js";

/**
 * @typedef {import("./types.js").List} List
 * @typedef {import("./types.js").Field} Field
 * @typedef {import("./types.js").Column} Column
 * @typedef {import("./listdata.js").ListData} ListData
 */

const foundBy = /** @type {Record<string, string>} */ ({ name: "its name", alias: "a known name", chosen: "chosen", join: "joined", id: "your number" });

/**
 * Draws the screen "Columns": which of the sender's columns is read for which field.
 *
 * @param {HTMLElement} place
 * @param {ListData} data
 * @param {{isReadOnly: boolean, next: string}} options
 */
export function drawColumnsScreen(place, data, options) {
  const { list } = data;
  const settle = (/** @type {Record<string, any>} */ patch) => void data.settle(patch).catch(reportError);
  const missing = list.missing.filter((name) => !list.unclear.includes(name)).map(fieldLabel);
  const used = list.fields.filter((field) => field.required || list.unclear.includes(field.name) || field.column >= 0 || list.settings.defaults[field.name]);
  const others = list.fields.filter((field) => !used.includes(field));
  const canGoOn = list.missing.length === 0 && list.state !== "unsettled" && list.state !== "failed";
  fill(place, element("div.page", {},
    element("div.title", {}, element("h1", {}, "Columns of " + list.name), element("span.local", {}, "Runs on " + placeName() + (list.plan ? "." : ". Nothing has been sent."))),
    list.unclear.length > 0 && list.refusal ? notice("bad", list.refusal.sentence, "Choose the column that is read as " + list.unclear.map(fieldLabel).join(", ") + ". The other one is not sent.") : null,
    missing.length > 0
      ? notice("bad", countOf(missing.length, "required field has", "required fields have") + " no column: " + missing.join(", ") + ".", "Choose a column for each, or a default value where one is offered.")
      : list.unclear.length > 0 ? null : list.refusal ? notice("bad", list.refusal.sentence, list.refusal.whatToDo || null)
        : notice("good", "All columns are settled.", "Every required field has a column or a default value. Change a line only if it is wrong."),
    panel("What is read", countOf(list.columns.filter((c) => c.field).length, "column") + " of " + list.columns.length,
      mappingTable(list, used, settle, options.isReadOnly)),
    idPanel(list, settle, options.isReadOnly),
    others.length > 0 ? element("details.panel", {}, element("summary.inside", {}, countOf(others.length, "more field") + " that " + (others.length === 1 ? "is" : "are") + " not in your list"), mappingTable(list, others, settle, options.isReadOnly)) : null,
    element("div.actions", {},
      canGoOn ? element("a.button.primary", { href: options.next }, "Next: check and fix") : element("button.button.primary", { type: "button", disabled: true }, "Next: check and fix"),
      canGoOn && !options.isReadOnly && list.state === "checked" ? keepButton(data) : null,
      list.command ? linkButton("Show as command", () => void showCommand(list.command)) : null)));
}

/**
 * @param {List} list
 * @param {Field[]} fields
 * @param {(patch: Record<string, any>) => void} settle
 * @param {boolean} isReadOnly
 */
function mappingTable(list, fields, settle, isReadOnly) {
  const head = ["Field", "Your column", "Filled", "Values", "How it was found", "For empty cells"];
  return element("div.scrolls", {}, element("table.mapping", {}, element("caption.unseen", {}, "Fields and your columns"),
    element("thead", {}, element("tr", {}, ...head.map((text, i) => element("th", { scope: "col", class: i === 2 ? "number" : "" }, text)))),
    element("tbody", {}, ...fields.map((field) => mappingRow(list, field, settle, isReadOnly)))));
}

/**
 * @param {List} list
 * @param {Field} field
 * @param {(patch: Record<string, any>) => void} settle
 * @param {boolean} isReadOnly
 */
function mappingRow(list, field, settle, isReadOnly) {
  const column = list.columns.find((c) => c.index === field.column);
  const isUnclear = list.unclear.includes(field.name);
  const isMissing = isUnclear || list.missing.includes(field.name);
  const near = isMissing && !isReadOnly ? field.near.map((index) => list.columns.find((c) => c.index === index)).filter((c) => c !== undefined) : [];
  const choose = (/** @type {string} */ heading) => settle({ columns: { [field.name]: heading } });
  return element("tr", { class: isMissing ? "is-missing" : "" },
    element("th", { scope: "row", title: field.rule }, fieldLabel(field.name), element("br"), element("span.need", {}, field.required ? "required" : "optional")),
    element("td", {}, columnSelect(list, field, choose, isReadOnly),
      near.length > 0 ? element("div", {}, isUnclear ? "Either " : "Perhaps ", ...near.flatMap((c) => [linkButton(c.heading, () => choose(c.heading)), " "])) : null),
    element("td.number", {}, column ? fillRate(list, column) : ""),
    element("td", {}, element("span.examples", { title: (column?.examples ?? []).join(" · ") }, column ? column.examples.join(" · ") : field.example ? "such as " + field.example : "")),
    element("td.soft", {}, column ? foundBy[column.foundBy] ?? "" : isMissing ? element("span.state.is-bad", {}, isUnclear ? "two columns" : "no column") : list.settings.defaults[field.name] ? "default value" : "not read"),
    element("td", {}, field.defaultable ? defaultInput(list, field, settle, isReadOnly) : ""));
}

/**
 * @param {List} list
 * @param {Column} column
 */
function fillRate(list, column) {
  if (list.counts.rows === 0) return "";
  const percent = (100 * column.filled) / list.counts.rows;
  return (percent > 0 && percent < 1 ? "< 1" : String(percent > 99 && percent < 100 ? 99 : Math.round(percent))) + " %";
}

/**
 * @param {List} list
 * @param {Field} field
 * @param {(heading: string) => void} choose
 * @param {boolean} isReadOnly
 */
function columnSelect(list, field, choose, isReadOnly) {
  // What the program found by itself can be replaced by another column, not taken away.
  const isChosen = list.settings.columns[field.name] !== undefined;
  const select = /** @type {HTMLSelectElement} */ (element("select.field", { "aria-label": "Column for " + fieldLabel(field.name), disabled: isReadOnly, on: { change: () => choose(select.value) } },
    isChosen || field.column < 0 ? element("option", { value: "" }, isChosen ? "as it is found" : "no column") : null,
    ...list.columns.filter((c) => c.heading).map((c) => element("option", { value: c.heading }, c.letter + "  " + c.heading))));
  select.value = list.columns.find((c) => c.index === field.column)?.heading ?? "";
  return select;
}

/**
 * @param {List} list
 * @param {Field} field
 * @param {(patch: Record<string, any>) => void} settle
 * @param {boolean} isReadOnly
 */
function defaultInput(list, field, settle, isReadOnly) {
  const choices = choicesOf(list, field.name);
  const value = list.settings.defaults[field.name] ?? "";
  const properties = { "aria-label": "Default for " + fieldLabel(field.name), disabled: isReadOnly, on: { change: () => settle({ defaults: { [field.name]: input.value } }) } };
  /** @type {HTMLInputElement|HTMLSelectElement} */
  const input = choices.length > 0
    ? /** @type {HTMLSelectElement} */ (element("select.field", properties, element("option", { value: "" }, "no default"), ...choices.map((choice) => element("option", { value: choice.value }, choice.text))))
    : /** @type {HTMLInputElement} */ (element("input.field", { ...properties, type: "text", placeholder: "no default" }));
  input.value = value;
  return input;
}

/**
 * @param {List} list
 * @param {(patch: Record<string, any>) => void} settle
 * @param {boolean} isReadOnly
 */
function idPanel(list, settle, isReadOnly) {
  const select = /** @type {HTMLSelectElement} */ (element("select.field", { id: "id-column", disabled: isReadOnly, on: { change: () => settle({ id: select.value }) } },
    element("option", { value: "" }, "none"), ...list.columns.filter((c) => c.heading).map((c) => element("option", { value: c.heading }, c.letter + "  " + c.heading))));
  select.value = list.settings.id;
  return panel("Your customer number", null, element("div.inside", {},
    element("p.soft", {}, "A column with your own number of each customer. It is shown in every report, and a number that was onboarded under another e-mail is not sent again."),
    element("p", {}, element("label.label", { for: "id-column" }, "Column"), select)));
}
