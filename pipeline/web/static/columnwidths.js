// @ts-check
import { fieldLabel, isDigitField } from "./fields.js";

/**
 * @typedef {import("./types.js").Column} Column
 * @typedef {import("./types.js").Row} Row
 */

const narrowest = 72; // pixels, with those around the text
const widest = 280;
const widestHeading = 190;
const aroundText = 26;
const maxStretch = 1.4;

/** Returns whether a column is shown to begin with. @param {Column} column */
export function isRead(column) {
  return column.field !== "" || column.foundBy === "id";
}

/** Returns the words for what a column is read as, "" if it is not read. @param {Column} column */
export function readAs(column) {
  if (column.field) return fieldLabel(column.field);
  return column.foundBy === "id" ? "your number" : "";
}

/** Measures how wide columns have to be. A column never becomes narrower under the hand. */
export class ColumnWidths {
  constructor() {
    this.canvas = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
    /** @type {Map<number, number>} */
    this.known = new Map();
  }

  /**
   * Returns the widths of columns, wider by the same share where there is room.
   *
   * @param {Column[]} columns
   * @param {Row[]} rows that are looked at
   * @param {number} room in pixels
   */
  fit(columns, rows, room) {
    const widths = columns.map((column) => this.measure(column, rows));
    const share = Math.min(maxStretch, room / widths.reduce((sum, width) => sum + width, 0));
    return share > 1 ? widths.map((width) => Math.floor(width * share)) : widths;
  }

  /**
   * @param {Column} column
   * @param {Row[]} rows
   */
  measure(column, rows) {
    const family = getComputedStyle(document.body).fontFamily;
    this.canvas.font = "13.5px " + family;
    const texts = [...column.examples, ...rows.map((row) => row.cells[column.index] ?? "")];
    const digits = isDigitField(column.field) ? 1.1 : 1; // digits of one width are wider than what is measured
    const text = digits * Math.max(0, ...texts.map((t) => this.canvas.measureText(t).width));
    this.canvas.font = "650 13px " + family;
    const heading = Math.max(this.canvas.measureText(column.heading).width, this.canvas.measureText(readAs(column)).width * 0.88);
    const width = Math.min(widest, Math.max(narrowest, text + aroundText, Math.min(heading + aroundText, widestHeading)));
    this.known.set(column.index, Math.max(Math.ceil(width), this.known.get(column.index) ?? 0));
    return this.known.get(column.index) ?? width;
  }
}
