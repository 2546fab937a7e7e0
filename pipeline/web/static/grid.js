// @ts-check
import { element, fill } from "./dom.js";
import { CellEditor } from "./celleditor.js";
import { parseBlock } from "./clipboard.js";

/**
 * @typedef {object} GridColumn
 * @property {number} index position in the sheet, from 0
 * @property {string} heading the sender's
 * @property {string} field what it is read as, "" if it is not read
 * @property {number} width in pixels
 * @property {boolean} isDigits digits of one width
 * @property {boolean} isEditable
 *
 * @typedef {object} CellLook
 * @property {string} text
 * @property {string} mark CSS classes: "is-bad", "is-warn", "is-edited"
 * @property {string} spoken what a screen reader says after the text
 * @property {string} [means] what the text means by a decision, shown behind it
 *
 * @typedef {object} GridRow
 * @property {number} number as a spreadsheet shows it
 *
 * @typedef {object} GridModel what the grid shows. Rows may still be on their way.
 * @property {() => number} rowCount
 * @property {(index: number) => any} rowAt undefined while it is on its way
 * @property {(from: number, to: number) => void} request asks for rows, and redraws when they have come
 * @property {(row: any, column: GridColumn) => CellLook} lookOf
 * @property {(row: any) => string} rowMark CSS classes of a row: "is-out", "is-repeat"
 *
 * @typedef {object} GridEvents
 * @property {() => void} onSelect
 * @property {(row: any, column: GridColumn, value: string) => void} onEdit
 * @property {(index: number, column: GridColumn, block: string[][]) => void} onPaste
 * @property {(direction: 1|-1) => void} onProblem
 * @property {() => void} onUndo
 */

const rowHeight = 30;
export const placeWidth = 68; // of the row numbers
const sparePixels = 90; // rows drawn above and below what is seen

/** @type {CellLook} */
const emptyLook = { text: "", mark: "", spoken: "" };

/** A table of any number of rows, of which only those in sight are in the page. */
export class Grid {
  /**
   * @param {HTMLElement} parent
   * @param {string} label
   * @param {GridModel} model
   * @param {GridEvents} events
   */
  constructor(parent, label, model, events) {
    this.model = model;
    this.events = events;
    /** @type {GridColumn[]} */
    this.columns = [];
    this.selected = { index: 0, column: 0 };
    /** @type {HTMLElement[]} */
    this.lines = [];
    this.isPaintQueued = false;

    this.head = element("div.head", { role: "rowgroup" });
    this.rows = element("div.rows", { role: "rowgroup" });
    this.nothing = element("div.nothing", { hidden: true });
    this.frame = element("div.grid", { role: "grid", tabindex: 0, "aria-label": label, "aria-multiselectable": "false" }, this.head, this.rows);
    this.editor = new CellEditor(this.rows, {
      onCommit: (value, columns) => this.finishEdit(value, columns),
      onCancel: () => this.frame.focus(),
    });
    fill(parent, this.frame);
    this.frame.append(this.nothing);

    this.frame.addEventListener("scroll", () => this.queuePaint(), { passive: true });
    this.frame.addEventListener("keydown", (event) => this.handleKey(event));
    this.frame.addEventListener("mousedown", (event) => this.handlePress(event));
    this.frame.addEventListener("dblclick", () => this.startEdit());
    this.frame.addEventListener("copy", (event) => this.handleCopy(event));
    this.frame.addEventListener("paste", (event) => this.handlePaste(event));
    new ResizeObserver(() => this.queuePaint()).observe(this.frame);
  }

  /** @param {GridColumn[]} columns */
  setColumns(columns) {
    this.columns = columns;
    this.selected.column = Math.min(this.selected.column, Math.max(0, columns.length - 1));
    const tracks = [placeWidth, ...columns.map((column) => column.width)];
    this.frame.style.setProperty("--columns", tracks.map((width) => width + "px").join(" "));
    this.frame.setAttribute("aria-colcount", String(columns.length + 1));
    this.rows.style.width = tracks.reduce((sum, width) => sum + width, 0) + "px";
    const line = element("div.line", { role: "row", "aria-rowindex": 1 },
      element("div.place", { role: "columnheader", "aria-colindex": 1 }, "row"));
    columns.forEach((column, i) => line.append(
      element("div", { role: "columnheader", "aria-colindex": i + 2, class: column.field ? "" : "is-unread", title: column.heading },
        column.heading || "(no heading)", element("small", {}, column.field || "not read"))));
    fill(this.head, line);
    for (const old of this.lines) old.remove();
    this.lines = [];
    this.refresh();
  }

  /** Draws everything again after the model has changed. */
  refresh() {
    const count = this.model.rowCount();
    this.frame.setAttribute("aria-rowcount", String(count + 1));
    this.rows.style.height = count * rowHeight + "px";
    this.selected.index = Math.max(0, Math.min(this.selected.index, count - 1));
    this.paint();
  }

  /** @param {Node|null} content what is shown in place of rows, null for nothing */
  setNothing(content) {
    this.nothing.hidden = content === null;
    fill(this.nothing, content);
  }

  queuePaint() {
    if (this.isPaintQueued) return;
    this.isPaintQueued = true;
    requestAnimationFrame(() => {
      this.isPaintQueued = false;
      this.paint();
    });
  }

  paint() {
    const top = this.frame.scrollTop;
    const first = Math.max(0, Math.floor((top - sparePixels) / rowHeight));
    const last = Math.min(this.model.rowCount(), Math.ceil((top + this.frame.clientHeight + sparePixels) / rowHeight));
    this.model.request(first, last);
    while (this.lines.length < last - first) this.addLine();
    this.lines.forEach((line, i) => {
      line.hidden = first + i >= last;
      if (!line.hidden) this.paintLine(line, first + i);
    });
    this.markSelected(first, last);
  }

  addLine() {
    const line = element("div.line", { role: "row" }, element("div.place", { role: "rowheader", "aria-colindex": 1 }));
    this.columns.forEach((column, i) => line.append(element("div", { role: "gridcell", "aria-colindex": i + 2, "aria-readonly": column.isEditable ? undefined : "true" })));
    this.lines.push(line);
    this.rows.append(line);
  }

  /**
   * @param {HTMLElement} line
   * @param {number} index
   */
  paintLine(line, index) {
    const row = this.model.rowAt(index);
    line.style.transform = "translateY(" + index * rowHeight + "px)";
    line.dataset.index = String(index);
    line.setAttribute("aria-rowindex", String(index + 2));
    setClass(line, "line " + (row ? this.model.rowMark(row) : "is-loading"));
    setText(line.children[0], row ? String(row.number) : "");
    this.columns.forEach((column, i) => {
      const cell = line.children[i + 1];
      const look = row ? this.model.lookOf(row, column) : emptyLook;
      setText(cell, look.text);
      setClass(cell, (column.isDigits ? "is-digits " : "") + (column.field ? "" : "is-unread ") + look.mark);
      if (look.means) cell.setAttribute("data-means", look.means);
      else cell.removeAttribute("data-means");
      if (look.spoken) cell.setAttribute("aria-description", look.spoken);
      else cell.removeAttribute("aria-description");
    });
  }

  /**
   * @param {number} first
   * @param {number} last
   */
  markSelected(first, last) {
    for (const old of this.rows.querySelectorAll("[aria-selected]")) {
      old.removeAttribute("aria-selected");
      old.removeAttribute("id");
      old.classList.remove("is-selected");
    }
    const { index, column } = this.selected;
    const cell = index >= first && index < last ? this.lines[index - first]?.children[column + 1] : undefined;
    if (!cell) {
      this.frame.removeAttribute("aria-activedescendant");
      return;
    }
    cell.classList.add("is-selected");
    cell.setAttribute("aria-selected", "true");
    cell.id = "selected-cell";
    this.frame.setAttribute("aria-activedescendant", "selected-cell");
  }

  selectedRow() {
    return this.model.rowAt(this.selected.index);
  }

  selectedColumn() {
    return this.columns[this.selected.column];
  }

  /**
   * Selects a cell and brings it into sight.
   *
   * @param {number} index
   * @param {number} column position among the columns that are shown
   */
  select(index, column) {
    this.selected = {
      index: Math.max(0, Math.min(index, this.model.rowCount() - 1)),
      column: Math.max(0, Math.min(column, this.columns.length - 1)),
    };
    this.scrollToSelected();
    this.paint();
    this.events.onSelect();
  }

  scrollToSelected() {
    const frame = this.frame;
    const headHeight = this.head.offsetHeight;
    const top = this.selected.index * rowHeight;
    const room = frame.clientHeight - headHeight - rowHeight;
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (top > frame.scrollTop + room) frame.scrollTop = top - room;
    const left = this.leftOf(this.selected.column);
    const right = left + (this.columns[this.selected.column]?.width ?? 0);
    if (left - placeWidth < frame.scrollLeft) {
      frame.scrollLeft = right <= frame.clientWidth ? 0 : left - placeWidth;
    } else if (right > frame.scrollLeft + frame.clientWidth) {
      let first = 0; // column in sight, whole
      while (first < this.selected.column && this.leftOf(first) - placeWidth < right - frame.clientWidth) first++;
      frame.scrollLeft = this.leftOf(first) - placeWidth;
    }
  }

  /** @param {number} column */
  leftOf(column) {
    return this.columns.slice(0, column).reduce((sum, c) => sum + c.width, placeWidth);
  }

  /** @param {KeyboardEvent} event */
  handleKey(event) {
    if (event.target !== this.frame || event.altKey) return;
    const isControl = event.ctrlKey || event.metaKey;
    const { index, column } = this.selected;
    const page = Math.max(1, Math.floor((this.frame.clientHeight - this.head.offsetHeight) / rowHeight) - 1);
    const lastRow = this.model.rowCount() - 1;
    const lastColumn = this.columns.length - 1;
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowUp: () => this.select(isControl ? 0 : index - 1, column),
      ArrowDown: () => this.select(isControl ? lastRow : index + 1, column),
      ArrowLeft: () => this.select(index, isControl ? 0 : column - 1),
      ArrowRight: () => this.select(index, isControl ? lastColumn : column + 1),
      PageUp: () => this.select(index - page, column),
      PageDown: () => this.select(index + page, column),
      Home: () => this.select(isControl ? 0 : index, 0),
      End: () => this.select(isControl ? lastRow : index, lastColumn),
      F8: () => this.events.onProblem(event.shiftKey ? -1 : 1),
      Enter: () => this.startEdit(),
      F2: () => this.startEdit(),
      Delete: () => this.clearCell(),
    };
    if (isControl && event.key.toLowerCase() === "z") actions[event.key] = () => this.events.onUndo();
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    } else if (event.key.length === 1 && event.key !== " " && !isControl) {
      this.startEdit(true); // the browser puts the letter into the input
    }
  }

  /** @param {MouseEvent} event */
  handlePress(event) {
    const cell = event.target instanceof Element ? event.target.closest("[role=gridcell], .place") : null;
    const line = cell?.closest(".rows .line");
    if (!cell || !(line instanceof HTMLElement)) return;
    event.preventDefault();
    this.frame.focus({ preventScroll: true });
    const column = Number(cell.getAttribute("aria-colindex")) - 2;
    this.select(Number(line.dataset.index), column < 0 ? this.selected.column : column);
  }

  /** @param {boolean} [isReplaced] the value gives way to what is typed */
  startEdit(isReplaced = false) {
    const row = this.selectedRow();
    const column = this.selectedColumn();
    if (!row || !column?.isEditable) return;
    this.scrollToSelected();
    this.editor.open({
      top: this.selected.index * rowHeight,
      left: this.leftOf(this.selected.column),
      width: column.width,
      label: column.heading + ", row " + row.number,
      value: isReplaced ? "" : this.model.lookOf(row, column).text,
    });
  }

  clearCell() {
    const row = this.selectedRow();
    const column = this.selectedColumn();
    if (row && column?.isEditable) this.events.onEdit(row, column, "");
  }

  /**
   * @param {string} value
   * @param {number|null} columns how far the selection goes to the right, null if the focus went elsewhere
   */
  finishEdit(value, columns) {
    const row = this.selectedRow();
    const column = this.selectedColumn();
    if (columns !== null) this.frame.focus();
    if (row && column && value !== this.model.lookOf(row, column).text) this.events.onEdit(row, column, value);
    if (columns) this.select(this.selected.index, this.selected.column + columns);
  }

  /** @param {ClipboardEvent} event */
  handleCopy(event) {
    const row = this.selectedRow();
    const column = this.selectedColumn();
    if (event.target !== this.frame || !row || !column) return;
    event.clipboardData?.setData("text/plain", this.model.lookOf(row, column).text);
    event.preventDefault();
  }

  /** @param {ClipboardEvent} event */
  handlePaste(event) {
    if (event.target !== this.frame || !event.clipboardData || !this.selectedColumn()) return;
    event.preventDefault();
    const block = parseBlock(event.clipboardData.getData("text/plain"));
    if (block.length > 0) this.events.onPaste(this.selected.index, this.selectedColumn(), block);
  }
}

/**
 * @param {Element} node
 * @param {string} text
 */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} node
 * @param {string} classes
 */
function setClass(node, classes) {
  if (node.className !== classes) node.className = classes;
}
