// @ts-check

const windowSize = 500; // rows of one request, the server's limit
const maxWindows = 40; // kept at a time
const maxRequests = 3; // under way at a time

/**
 * @typedef {{total: number, rows: any[]}} RowPage
 * @typedef {(filter: string, from: number, count: number, etag: string) => Promise<{page: RowPage|null, etag: string}>} LoadRows
 *   page is null if the rows are those of the tag
 */

/**
 * Holds the parts of a list that are or were in sight. Rows that may be outdated stay
 * until newer ones are there, so that nothing flickers.
 */
export class RowWindows {
  /**
   * @param {LoadRows} load
   * @param {() => void} onChange
   * @param {(error: unknown) => void} onError
   */
  constructor(load, onChange, onError) {
    this.loadPage = load;
    this.onChange = onChange;
    this.onError = onError;
    this.filter = "";
    this.total = 0;
    this.isLoaded = false; // the first answer has come
    this.generation = 0;
    /** @type {Map<number, {rows: any[], etag: string, generation: number}>} */
    this.windows = new Map();
    /** @type {Set<number>} */
    this.underway = new Set();
    /** @type {{from: number, to: number}} */
    this.wanted = { from: 0, to: 0 };
  }

  /**
   * Shows other rows. Until the first have come, there are none.
   *
   * @param {string} filter
   */
  setFilter(filter) {
    this.filter = filter;
    this.total = 0;
    this.isLoaded = false;
    this.windows.clear();
    this.wanted = { from: 0, to: 1 };
    this.expire();
  }

  /** Asks again for everything in sight: the list has another revision. */
  expire() {
    this.generation++;
    this.underway.clear();
    this.requestMissing();
  }

  /**
   * Puts rows in the place of older ones with their number.
   *
   * @param {any[]} rows
   */
  replace(rows) {
    const byNumber = new Map(rows.map((row) => [row.number, row]));
    for (const window of this.windows.values()) {
      window.rows = window.rows.map((row) => byNumber.get(row.number) ?? row);
      window.etag = "";
    }
    this.onChange();
  }

  /**
   * Returns the row at an index, undefined while it is on its way.
   *
   * @param {number} index
   */
  rowAt(index) {
    return index < this.total ? this.windows.get(Math.floor(index / windowSize))?.rows[index % windowSize] : undefined;
  }

  /**
   * Asks for rows that are not there or outdated.
   *
   * @param {number} from
   * @param {number} to behind the last
   */
  request(from, to) {
    this.wanted = { from, to: Math.max(to, from + 1) };
    this.requestMissing();
  }

  /**
   * Returns a row once it has come, undefined if it cannot be loaded.
   *
   * @param {number} index
   */
  async load(index) {
    await this.loadWindow(Math.floor(index / windowSize));
    return this.rowAt(index);
  }

  requestMissing() {
    const { from, to } = this.wanted;
    for (let w = Math.floor(from / windowSize); w * windowSize < to; w++) {
      const isCurrent = this.windows.get(w)?.generation === this.generation;
      if (!isCurrent && !this.underway.has(w) && this.underway.size < maxRequests) void this.loadWindow(w);
    }
  }

  /** @param {number} w */
  async loadWindow(w) {
    const { generation, filter } = this;
    this.underway.add(w);
    const old = this.windows.get(w);
    try {
      const { page, etag } = await this.loadPage(filter, w * windowSize, windowSize, old?.etag ?? "");
      if (generation !== this.generation) return;
      if (page) this.total = page.total;
      this.isLoaded = true;
      this.windows.delete(w); // the newest is last
      this.windows.set(w, { rows: page?.rows ?? old?.rows ?? [], etag, generation });
      if (this.windows.size > maxWindows) this.windows.delete(/** @type {number} */ (this.windows.keys().next().value));
      this.underway.delete(w);
      this.onChange();
    } catch (error) {
      if (generation !== this.generation) return;
      this.underway.delete(w);
      this.onError(error);
    }
  }
}
