// @ts-check
import { Refusal, ServerGone, connection, getJSON, request } from "./request.js";
import { RowWindows } from "./rowwindows.js";

/**
 * @typedef {import("./types.js").List} List
 * @typedef {import("./types.js").Row} Row
 * @typedef {import("./types.js").CellEdit} CellEdit
 * @typedef {import("./types.js").Edited} Edited
 * @typedef {import("./types.js").Change} Change
 */

const maxWaits = 5; // for a check, before a change is given up
const pollEvery = 400; // milliseconds, while the whole list is being checked

/**
 * One list: what the server last said of it, the rows in sight, and edits that are on
 * their way. It says "change" when the list is another, "rows" when rows have come,
 * and "refused" with a Refusal as its detail.
 */
export class ListData extends EventTarget {
  /** @param {List} list */
  constructor(list) {
    super();
    this.list = list;
    this.path = "/api/lists/" + encodeURIComponent(list.id);
    this.find = "";
    this.rows = new RowWindows((filter, from, count, etag) => this.loadRows(filter, from, count, etag),
      () => this.dispatchEvent(new Event("rows")), (error) => {
        if (!isStillChecking(error)) this.refuse(error); // else rows follow with the end of the check
      });
    /** @type {CellEdit[][]} edits that the server has not confirmed, oldest first */
    this.pending = [];
    this.isSending = false;
    /** @type {Promise<any>} */
    this.lastRequest = Promise.resolve();
    connection.addEventListener("back", () => void this.sendEdits());
    this.pollTimer = 0;
    this.pollIfBusy();
  }

  /**
   * @param {string} filter
   * @param {number} from
   * @param {number} count
   * @param {string} etag
   */
  async loadRows(filter, from, count, etag) {
    const query = new URLSearchParams({ filter, from: String(from), n: String(count) });
    if (this.find) query.set("find", this.find);
    const answer = await request("GET", this.path + "/rows?" + query, { headers: etag ? { "If-None-Match": etag } : {} });
    if (answer.status === 304) return { page: null, etag: answer.etag };
    if (answer.body.revision > this.list.revision && !this.isSending) void this.reload().catch((error) => this.refuse(error)); // another session changed it
    return { page: answer.body, etag: answer.etag };
  }

  /**
   * Shows other rows of the list.
   *
   * @param {string} filter as GET rows has it
   * @param {string} find
   */
  showRows(filter, find) {
    this.find = find;
    this.rows.setFilter(filter);
  }

  /** Asks for the list again. */
  async reload() {
    const before = this.list;
    this.list = await getJSON(this.path);
    const { revision, state, counts } = this.list;
    if (revision !== before.revision || state !== before.state || JSON.stringify(counts) !== JSON.stringify(before.counts)) this.rows.expire();
    this.pollIfBusy();
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Changes how the list is read. The whole list is checked again.
   *
   * @param {Record<string, any>} patch as PATCH settings has it
   */
  async settle(patch) {
    const headers = { "If-Match": '"' + this.list.revision + '"' };
    this.list = (await request("PATCH", this.path + "/settings", { body: patch, headers })).body;
    this.rows.expire();
    this.pollIfBusy();
    this.dispatchEvent(new Event("change"));
  }

  /** Reads the list by the mapping that is offered. The whole list is checked again. */
  async useMapping() {
    const headers = { "If-Match": '"' + this.list.revision + '"' };
    this.list = (await request("POST", this.path + "/use-mapping", { headers })).body;
    this.rows.expire();
    this.pollIfBusy();
    this.dispatchEvent(new Event("change"));
  }

  // The server checks the list, or still looks for what can be decided once.
  pollIfBusy() {
    if (this.pollTimer !== 0 || (this.list.state !== "checking" && this.list.progress === null)) return;
    this.pollTimer = window.setTimeout(() => {
      this.pollTimer = 0;
      this.reload().catch((error) => {
        this.refuse(error);
        if (error instanceof ServerGone) this.pollIfBusy();
      });
    }, pollEvery);
  }

  /**
   * Sends a change, one after the other, so that each has the revision of the one
   * before it.
   *
   * @param {string} method
   * @param {string} path below the list
   * @param {any} [body]
   * @returns {Promise<Edited>}
   */
  send(method, path, body) {
    const answer = this.lastRequest.then(() => this.sendNow(method, path, body));
    this.lastRequest = answer.catch(() => undefined);
    return answer;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {any} body
   */
  async sendNow(method, path, body) {
    for (let waits = 0; ; waits++) {
      try {
        const headers = { "If-Match": '"' + this.list.revision + '"' };
        const edited = (await request(method, this.path + path, { body, headers })).body;
        this.takeEdited(edited);
        return edited;
      } catch (error) {
        if (!isStillChecking(error) || waits === maxWaits) throw error;
        await this.waitUntilChecked();
      }
    }
  }

  /** Waits until the server has checked the list. */
  async waitUntilChecked() {
    await this.reload();
    while (this.list.state === "checking") {
      await new Promise((resolve) => this.addEventListener("change", resolve, { once: true }));
    }
  }

  /** @param {Edited} edited */
  takeEdited(edited) {
    const { change, revision, state, counts, statuses, problems, kinds, rows } = edited;
    const changes = [change, ...this.list.changes].slice(0, 50);
    this.list = { ...this.list, revision, state, counts, statuses, problems, kinds, changes };
    this.rows.replace(rows);
    this.rows.expire();
    void this.reload().catch((error) => this.refuse(error)); // proposals and decisions follow
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Changes cells. The new values are shown at once; what the server makes of them
   * follows.
   *
   * @param {CellEdit[]} edits
   */
  edit(edits) {
    const changed = edits.filter((edit) => edit.from !== edit.to);
    if (changed.length === 0) return;
    this.pending.push(changed);
    this.dispatchEvent(new Event("rows"));
    void this.sendEdits();
  }

  async sendEdits() {
    if (this.isSending) return;
    this.isSending = true;
    try {
      while (this.pending.length > 0) {
        await this.sendOnce(this.pending[0]);
        this.pending.shift();
      }
    } catch (error) {
      const isHeld = error instanceof ServerGone || (error instanceof Refusal && error.status === 401);
      if (!isHeld) {
        this.pending.shift();
        this.refuse(error);
        await this.reload().catch(() => undefined);
      }
    } finally {
      this.isSending = false;
      this.dispatchEvent(new Event("rows"));
    }
  }

  /**
   * Sends edits, and once more if another session changed other cells of the list
   * meanwhile. The server refuses those whose cell is no longer what was seen.
   *
   * @param {CellEdit[]} edits
   */
  async sendOnce(edits) {
    try {
      await this.send("PATCH", "/cells", edits);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 412) throw error;
      await this.reload();
      if (this.list.state !== "checked") throw error;
      await this.send("PATCH", "/cells", edits);
    }
  }

  /**
   * Returns the value that a cell will have once the server has confirmed it,
   * undefined if nothing is on its way.
   *
   * @param {number} row
   * @param {number} column
   */
  pendingValue(row, column) {
    for (let i = this.pending.length - 1; i >= 0; i--) {
      const edit = this.pending[i].find((e) => e.row === row && e.column === column);
      if (edit) return edit.to;
    }
    return undefined;
  }

  /** Returns the last change that can be undone. @returns {Change|undefined} */
  lastChange() {
    return this.list.changes.find((change) => !change.undone && change.kind !== "undo");
  }

  /** @param {Change} change */
  undo(change) {
    return this.send("DELETE", "/changes/" + change.id);
  }

  /** @param {unknown} error */
  refuse(error) {
    this.dispatchEvent(new CustomEvent("refused", { detail: error }));
  }
}

/** @param {unknown} error */
function isStillChecking(error) {
  return error instanceof Refusal && error.code === "still_checking";
}
