// @ts-check
import { announce, describeChange } from "./choices.js";
import { ColumnWidths, isRead, readAs } from "./columnwidths.js";
import { element, fill, linkButton } from "./dom.js";
import { isDigitField, meaningOf } from "./fields.js";
import { FindingList, titleOf } from "./findings.js";
import { countOf, formatCount, placeName } from "./format.js";
import { Grid, placeWidth } from "./grid.js";
import { Inspector, findingsOf } from "./inspector.js";
import { downloadButton, reportError, showToast } from "./notices.js";
import { SumFoot } from "./sumfoot.js";

/**
 * @typedef {import("./types.js").Kind} Kind
 * @typedef {import("./types.js").Row} Row
 * @typedef {import("./listdata.js").ListData} ListData
 * @typedef {import("./grid.js").GridColumn} GridColumn
 */

const measuredRows = 60; // for the width of columns

/** @type {{id: string, text: string, count: keyof import("./types.js").Counts, mark: string}[]} */
const filters = [
  { id: "all", text: "All rows", count: "rows", mark: "" },
  { id: "correct", text: "To correct", count: "toCorrect", mark: "is-bad" },
  { id: "look", text: "Have a look", count: "look", mark: "is-warn" },
  { id: "edited", text: "Changed here", count: "edited", mark: "is-edited" },
  { id: "left-out", text: "Left out", count: "leftOut", mark: "" },
];

/** The screen "Check & fix". */
export class CheckScreen {
  /**
   * @param {HTMLElement} place
   * @param {ListData} data
   * @param {{isReadOnly: boolean, onPlan: () => void}} options
   */
  constructor(place, data, options) {
    this.data = data;
    this.isReadOnly = options.isReadOnly;
    this.ended = new AbortController();
    this.isEverythingShown = false;
    this.filter = "";
    /** @type {Kind|null} */
    this.kind = null;
    this.hasMeasured = false;
    this.widths = new ColumnWidths();
    this.isFirst = true;

    const side = element("aside.side", { "aria-label": "What was found" });
    this.filterBar = element("div.filters", { role: "toolbar", "aria-label": "Rows to show" });
    this.search = /** @type {HTMLInputElement} */ (element("input.field", { type: "search", placeholder: "Find in all cells", "aria-label": "Find in all cells" }));
    const gridPlace = element("div.frame");
    const cell = element("section.cell", { "aria-label": "Selected cell" });
    const foot = element("footer.foot");
    this.about = element("div.file");
    this.correctedButton = downloadButton("Download corrected workbook", () => data.path + "/corrected.xlsx", "small");
    fill(place, this.about, element("div.body", {}, side, element("section.main", { "aria-label": "Your list" }, this.filterBar, gridPlace, cell)), foot);

    this.findings = new FindingList(side, data, { isReadOnly: this.isReadOnly, onOpen: (kind) => this.showKind(kind) });
    this.grid = new Grid(gridPlace, "Rows of " + data.list.name, this.gridModel(), {
      onSelect: () => this.drawCell(),
      onEdit: (row, column, value) => this.editCell(row, column, value),
      onPaste: (index, column, block) => this.pasteBlock(index, column, block),
      onProblem: (direction) => void this.goToProblem(direction),
      onUndo: () => this.undoLast(),
    });
    this.inspector = new Inspector(cell, this.isReadOnly, {
      onEdit: (row, column, value) => this.editCell(row, column, value),
      onDecide: (kind) => this.findings.reveal(kind),
      onLeaveOut: (row, isBack) => void this.leaveOut(row, isBack),
    });
    this.foot = new SumFoot(foot, data, options);

    let timer = 0;
    this.search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => this.showRows(this.filter), 200);
    });
    const { signal } = this.ended;
    data.addEventListener("change", () => this.drawAll(), { signal });
    data.addEventListener("rows", () => this.takeRows(), { signal });
    data.addEventListener("refused", (event) => this.explainRefusal(/** @type {CustomEvent} */ (event).detail), { signal });
    this.drawAll();
    this.showRows(data.list.counts.toCorrect > 0 ? "correct" : "all");
    this.grid.frame.focus();
  }

  /** Stops listening to the list: another screen is shown. */
  close() {
    this.ended.abort();
  }

  /** @returns {import("./grid.js").GridModel} */
  gridModel() {
    const { data } = this;
    return {
      rowCount: () => data.rows.total,
      rowAt: (index) => data.rows.rowAt(index),
      request: (from, to) => data.rows.request(from, to),
      rowMark: (row) => (row.leftOut ? "is-out" : row.repeats > 0 ? "is-repeat" : ""),
      lookOf: (row, column) => {
        const pending = data.pendingValue(row.number, column.index);
        if (pending !== undefined) return { text: pending, mark: "is-unsaved", spoken: "not saved yet" };
        const text = row.cells[column.index] ?? "";
        const isEdited = row.was[column.index] !== undefined;
        const first = row.leftOut ? undefined : findingsOf(row, column.index)[0];
        if (first) return { text, mark: (first.warning ? "is-warn" : "is-bad") + (isEdited ? " is-touched" : ""), spoken: first.message };
        const means = row.leftOut ? undefined : meaningOf(data.list, column.index, text);
        if (isEdited) return { text, mark: "is-edited", spoken: "changed here", means };
        return { text, mark: "", spoken: means ? "means " + means : "", means };
      },
    };
  }

  drawAll() {
    const { list } = this.data;
    const read = list.columns.filter(isRead).length;
    const isAll = read === list.columns.length;
    fill(this.about, element("h1", { title: list.name }, list.name),
      element("span.about", {}, ...this.aboutParts(read)),
      isAll ? "" : linkButton(this.isEverythingShown ? "Hide the others" : "Show the others", () => {
        this.isEverythingShown = !this.isEverythingShown;
        this.drawAll();
      }),
      this.correctedButton,
      element("span.local", {}, "Runs on " + placeName() + (list.plan ? "." : ". Nothing has been sent.")));
    this.correctedButton.hidden = this.isReadOnly || !list.command.includes(".corrected.xlsx"); // which the command needs
    if (this.kind && list.state === "checked" && !list.kinds.some((kind) => kind.id === this.kind?.id)) {
      this.findings.open(null); // it is settled
    }
    this.findings.draw();
    this.drawFilters();
    this.drawColumns();
    this.foot.draw();
    this.takeRows();
  }

  /** @param {number} read */
  aboutParts(read) {
    const { list } = this.data;
    const sheet = list.sheets.find((s) => s.read);
    const head = list.head.find((row) => row.header);
    const parts = [sheet ? "sheet " + sheet.name : "", head ? "headings in row " + head.number : "", countOf(list.counts.rows, "row"),
      read === list.columns.length ? "all columns are read" : read + " of " + countOf(list.columns.length, "column") + " are read"];
    return [parts.filter(Boolean).join(" · ")];
  }

  drawColumns() {
    const { list } = this.data;
    const shown = list.columns.filter((c) => this.isEverythingShown || isRead(c));
    const rows = Array.from({ length: measuredRows }, (_, i) => this.data.rows.rowAt(i)).filter((row) => row !== undefined);
    const widths = this.widths.fit(shown, rows, this.grid.frame.clientWidth - placeWidth);
    /** @type {GridColumn[]} */
    const columns = shown.map((c, i) => ({
      index: c.index,
      heading: c.heading,
      field: readAs(c),
      width: widths[i],
      isDigits: isDigitField(c.field),
      isEditable: !this.isReadOnly && c.field !== "",
    }));
    if (JSON.stringify(columns) !== JSON.stringify(this.grid.columns)) this.grid.setColumns(columns);
  }

  drawFilters() {
    const { counts } = this.data.list;
    const chips = filters.map((f) => element("button.chip", { type: "button", "aria-pressed": String(this.filter === f.id), "data-filter": f.id, on: { click: () => this.chooseFilter(f.id) } },
      f.mark ? element("span.mark", { class: f.mark, "aria-hidden": "true" }) : null, f.text, element("b", {}, formatCount(counts[f.count]))));
    if (this.kind) {
      chips.push(element("button.chip.is-kind", { type: "button", "aria-pressed": "true", title: titleOf(this.kind) + ": show all rows to correct again", on: { click: () => this.findings.open(null) } },
        element("span", {}, titleOf(this.kind)), element("span", { "aria-hidden": "true" }, "✕")));
    }
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.filter : undefined;
    const old = [...this.filterBar.children].filter((child) => child !== this.search);
    for (const node of old) node.remove();
    this.filterBar.prepend(...chips);
    if (!this.search.isConnected) this.filterBar.append(this.search);
    if (focused) chips.find((chip) => chip.dataset.filter === focused)?.focus();
  }

  /** @param {string} filter */
  chooseFilter(filter) {
    this.kind = null;
    this.findings.setOpen("");
    this.findings.draw();
    this.showRows(filter);
  }

  /** @param {Kind|null} kind */
  showKind(kind) {
    this.kind = kind;
    this.showRows(kind ? "kind:" + kind.id : this.data.list.counts.toCorrect > 0 ? "correct" : "all");
  }

  /** @param {string} filter */
  showRows(filter) {
    this.filter = filter;
    this.isFirst = true;
    this.grid.selected = { index: 0, column: this.grid.selected.column };
    this.grid.frame.scrollTop = 0;
    this.data.showRows(filter, this.search.value.trim());
    this.drawFilters();
  }

  takeRows() {
    const { rows, list } = this.data;
    if (!this.hasMeasured && rows.rowAt(0)) {
      this.hasMeasured = true;
      this.drawColumns();
    }
    this.grid.refresh();
    this.grid.setNothing(rows.isLoaded && rows.total === 0 ? this.nothingText() : null);
    if (this.isFirst && rows.isLoaded) {
      this.isFirst = false;
      const row = rows.rowAt(0);
      if (row) this.grid.select(0, this.firstProblemColumn(row, -1, 1) ?? this.grid.selected.column);
    }
    if (list.state === "checking" && list.progress) this.foot.draw();
    this.drawCell();
  }

  nothingText() {
    const isDone = this.filter === "correct" && !this.search.value;
    return element("div", {}, element("b", {}, isDone ? "Nothing to correct." : "No row matches."),
      isDone ? "All rows are ready, left out or repeats. The next step is the plan." : "Choose another filter above.");
  }

  drawCell() {
    this.inspector.draw(this.data.list, this.grid.selectedRow(), this.grid.selectedColumn());
  }

  /**
   * @param {Row} row
   * @param {GridColumn} column
   * @param {string} value
   */
  editCell(row, column, value) {
    if (this.isReadOnly) return;
    this.data.edit([{ row: row.number, column: column.index, from: row.cells[column.index] ?? "", to: value }]);
    this.grid.frame.focus({ preventScroll: true });
  }

  /**
   * @param {number} index
   * @param {GridColumn} column
   * @param {string[][]} block
   */
  pasteBlock(index, column, block) {
    if (this.isReadOnly) return;
    const first = this.grid.columns.indexOf(column);
    /** @type {import("./types.js").CellEdit[]} */
    const edits = [];
    let left = 0;
    block.forEach((values, r) => values.forEach((to, c) => {
      const row = this.data.rows.rowAt(index + r);
      const target = this.grid.columns[first + c];
      if (row && target?.isEditable) edits.push({ row: row.number, column: target.index, from: row.cells[target.index] ?? "", to });
      else left++;
    }));
    this.data.edit(edits);
    showToast(countOf(edits.length, "cell") + " pasted" + (left > 0 ? "; " + countOf(left, "cell") + " had no place" : "") + ".", { text: "Undo", run: () => this.undoLast() });
  }

  /**
   * @param {Row} row
   * @param {boolean} isBack
   */
  async leaveOut(row, isBack) {
    try {
      announce(this.data, await this.data.send("POST", "/leave-out", { rows: [row.number], why: isBack ? "" : "by hand", back: isBack || undefined }));
      this.grid.frame.focus({ preventScroll: true });
    } catch (error) {
      this.data.refuse(error);
    }
  }

  undoLast() {
    const change = this.data.lastChange();
    if (this.isReadOnly || !change) {
      showToast("There is nothing to undo.");
      return;
    }
    this.data.undo(change).then((edited) => showToast("Undone: " + describeChange(change, edited.change.cells || change.cells) + "."), (error) => this.data.refuse(error));
  }

  /**
   * Returns the next column with a problem of a row; where warnings are shown, with a
   * warning.
   *
   * @param {Row} row
   * @param {number} after position among the columns that are shown
   * @param {1|-1} direction
   */
  firstProblemColumn(row, after, direction) {
    const isWanted = (/** @type {import("./types.js").Finding} */ f) => (this.kind ? f.kind === this.kind.id : this.filter === "look" || !f.warning);
    const { columns } = this.grid;
    for (let i = after + direction; i >= 0 && i < columns.length; i += direction) {
      if (!row.leftOut && row.findings.some((f) => f.column === columns[i].index && isWanted(f))) return i;
    }
    return undefined;
  }

  /** @param {1|-1} direction */
  async goToProblem(direction) {
    const { index, column } = this.grid.selected;
    let after = column;
    for (let i = index; i >= 0 && i < this.data.rows.total; i += direction) {
      const row = this.data.rows.rowAt(i) ?? (await this.data.rows.load(i));
      if (!row) return;
      const found = this.firstProblemColumn(row, after, direction);
      if (found !== undefined) {
        this.grid.select(i, found);
        return;
      }
      after = direction === 1 ? -1 : this.grid.columns.length;
    }
    showToast(direction === 1 ? "No further problem below." : "No further problem above.");
  }

  /** @param {unknown} error */
  explainRefusal(error) {
    const body = /** @type {any} */ (error).body;
    if (body?.changedBy) {
      showToast("Not saved: changed by " + body.changedBy + " meanwhile. The list now shows what they entered.");
      return;
    }
    reportError(error);
  }
}
