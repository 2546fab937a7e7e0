// @ts-check
import { button, element, fill } from "./dom.js";
import { fieldLabel, suggestValue } from "./fields.js";
import { formatCount } from "./format.js";

/**
 * @typedef {import("./types.js").Row} Row
 * @typedef {import("./types.js").Finding} Finding
 * @typedef {import("./types.js").Kind} Kind
 * @typedef {import("./types.js").List} List
 * @typedef {import("./grid.js").GridColumn} GridColumn
 *
 * @typedef {object} InspectorActions
 * @property {(row: Row, column: GridColumn, value: string) => void} onEdit
 * @property {(kind: Kind) => void} onDecide
 * @property {(row: Row, isBack: boolean) => void} onLeaveOut
 */

const keys = [[["Enter"], "change"], [["F8"], "next problem"], [["Ctrl", "Z"], "undo"], [["Ctrl", "V"], "paste cells"]];

/** The part below the list: the cell that is selected, what is wrong with it, what can be done. */
export class Inspector {
  /**
   * @param {HTMLElement} place
   * @param {boolean} isReadOnly
   * @param {InspectorActions} actions
   */
  constructor(place, isReadOnly, actions) {
    this.isReadOnly = isReadOnly;
    this.actions = actions;
    this.where = element("div.where");
    this.what = element("div.what", { "aria-live": "polite" });
    fill(place, this.where, this.what, element("div.keys", { "aria-hidden": "true" }, ...keys.map(([combination, text]) =>
      element("div", {}, .../** @type {string[]} */ (combination).flatMap((key) => [element("kbd", {}, key), " "]), /** @type {string} */ (text)))));
  }

  /**
   * @param {List} list
   * @param {Row|undefined} row
   * @param {GridColumn|undefined} column
   */
  draw(list, row, column) {
    if (!row || !column) {
      fill(this.where);
      fill(this.what, element("p.soft", {}, "No cell is selected."));
      return;
    }
    const heading = list.columns.find((c) => c.index === column.index);
    fill(this.where, element("b", {}, (heading?.letter ?? "") + row.number),
      element("span", {}, column.heading), column.field ? element("span", {}, column.field) : null);
    const findings = findingsOf(row, column.index);
    const shown = findings.length > 0 ? findings : row.findings.filter((f) => f.column < 0);
    fill(this.what, ...this.sentences(list, row, column, shown), element("p.row", {}, describeRow(list, row)), this.actionsFor(list, row, column, shown));
  }

  /**
   * @param {List} list
   * @param {Row} row
   * @param {GridColumn} column
   * @param {Finding[]} findings
   */
  sentences(list, row, column, findings) {
    const sentences = [];
    if (row.leftOut) sentences.push(element("p", {}, element("b", {}, "Left out: " + row.leftOut + ". "), "The row is not sent and costs nothing."));
    else if (row.repeats > 0) sentences.push(element("p", {}, element("b", {}, "Same e-mail as row " + row.repeats + ". "), "The earlier row counts. This one is never sent."));
    const value = row.cells[column.index] ?? "";
    if (!row.leftOut) {
      for (const finding of findings) {
        const subject = finding.column < 0 ? (finding.field ? fieldLabel(finding.field) : "The row") : value ? "“" + shorten(value) + "”" : "Empty cell";
        sentences.push(element("p", {}, element("b", { class: finding.warning ? "warn" : "bad" }, subject + ": "), explain(list, finding)));
      }
    }
    const was = row.was[column.index];
    if (was !== undefined) {
      sentences.push(element("p", {}, element("b.good", {}, "Changed here. "), "Your file has " + (was ? "“" + shorten(was) + "”" : "an empty cell") + ", and keeps it."));
    }
    if (sentences.length === 0) {
      const isReady = row.status === "pending";
      sentences.push(element("p", {}, element("b", {}, isReady ? "Nothing wrong. " : "This cell is right. "), isReady ? "The row is ready." : "Other cells of the row have to be corrected."));
    }
    return sentences;
  }

  /**
   * @param {List} list
   * @param {Row} row
   * @param {GridColumn} column
   * @param {Finding[]} findings
   */
  actionsFor(list, row, column, findings) {
    if (this.isReadOnly) return null;
    const buttons = [];
    const value = row.cells[column.index] ?? "";
    const finding = row.leftOut ? undefined : findings[0];
    const suggestion = finding && finding.column === column.index ? suggestValue(list, finding, value) : undefined;
    if (suggestion) buttons.push(button("Use " + suggestion, () => this.actions.onEdit(row, column, suggestion), "small"));
    const kind = finding && list.kinds.find((k) => k.id === finding.kind && k.group === "decide");
    if (kind) buttons.push(button("Decide for all " + formatCount(kind.cells), () => this.actions.onDecide(kind), "small"));
    const was = row.was[column.index];
    if (was !== undefined) buttons.push(button("Put back what the file has", () => this.actions.onEdit(row, column, was), "small"));
    buttons.push(button(row.leftOut ? "Take the row back in" : "Leave this row out", () => this.actions.onLeaveOut(row, row.leftOut !== ""), "small"));
    return element("div.actions", {}, ...buttons);
  }
}

/**
 * Returns what was found in a cell, problems first.
 *
 * @param {Row} row
 * @param {number} column
 */
export function findingsOf(row, column) {
  return row.findings.filter((f) => f.column === column).sort((a, b) => Number(a.warning) - Number(b.warning));
}

/**
 * @param {List} list
 * @param {Row} row
 */
function describeRow(list, row) {
  const cell = (/** @type {string} */ field) => {
    const column = list.columns.find((c) => c.field === field);
    return column ? (row.cells[column.index] ?? "").trim() : "";
  };
  const id = list.columns.find((c) => c.foundBy === "id" || (list.settings.id !== "" && c.heading === list.settings.id));
  const parts = [id ? row.cells[id.index] : "", [cell("firstName"), cell("lastName")].filter(Boolean).join(" ")].filter(Boolean);
  return "Row " + row.number + (parts.length > 0 ? ": " + parts.join(", ") : "");
}

/**
 * Returns what is wrong and what to do. A message of the command line may name a flag;
 * what readers of a page can do instead is in the catalogue.
 *
 * @param {List} list
 * @param {Finding} finding
 */
function explain(list, finding) {
  const parts = finding.message.split(/[.;] /);
  const kept = parts.filter((part, i) => i === 0 || !/(^|\s)--[a-z]/.test(part));
  const sentences = kept.map((part, i) => (i === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1)).replace(/\.?$/, "."));
  const whatToDo = kept.length < parts.length ? list.kinds.find((kind) => kind.id === finding.kind)?.whatToDo : "";
  return [...sentences, whatToDo].filter(Boolean).join(" ");
}

/** @param {string} text */
function shorten(text) {
  return text.length > 90 ? text.slice(0, 88) + "…" : text;
}
