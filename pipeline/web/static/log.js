// @ts-check
import { button, byID, element, fill, panel, table } from "./dom.js";
import { countOf, formatCount, formatTime } from "./format.js";
import { reportError } from "./notices.js";
import { getJSON } from "./request.js";
import { startPage } from "./shell.js";

/** @typedef {import("./types.js").LogEntry} LogEntry */

const pageSize = 200;
const actions = /** @type {Record<string, string>} */ ({
  login: "Signed in", "login-failed": "Failed to sign in", logout: "Signed out", upload: "Dropped a list", discard: "Discarded a list",
  settings: "Changed how a list is read", cells: "Changed cells", decision: "Decided once", "leave-out": "Left rows out", undo: "Undid a change",
  plan: "Submitted a plan", approve: "Approved a plan", decline: "Declined a plan", run: "Started a run", stop: "Stopped a run",
  links: "Showed links", download: "Downloaded a file",
});

void startPage(() => {
  const place = element("div");
  const action = /** @type {HTMLSelectElement} */ (element("select.field", { id: "action" }, element("option", { value: "" }, "everything"),
    ...Object.entries(actions).map(([value, text]) => element("option", { value }, text))));
  const user = /** @type {HTMLInputElement} */ (element("input.field", { id: "user", type: "search" }));
  const draw = (/** @type {number} */ from) => {
    const query = new URLSearchParams({ from: String(from), n: String(pageSize) });
    if (action.value) query.set("action", action.value);
    if (user.value.trim()) query.set("user", user.value.trim());
    getJSON("/api/log?" + query).then((log) => drawEntries(place, log.entries, log.total, from, draw), reportError);
  };
  action.addEventListener("change", () => draw(0));
  user.addEventListener("change", () => draw(0));
  fill(byID("main"), element("div.page", {},
    element("div.title", {}, element("h1", {}, "Log"), element("span.soft", {}, "who did what, when and from where; no values of any list")),
    element("div.logbar", {},
      element("div", {}, element("label.label", { for: "action" }, "What"), action),
      element("div", {}, element("label.label", { for: "user" }, "Who"), user),
      button("Export as CSV", () => void exportLog(action.value, user.value.trim()).catch(reportError))),
    place));
  draw(0);
});

/**
 * @param {HTMLElement} place
 * @param {LogEntry[]} entries
 * @param {number} total
 * @param {number} from
 * @param {(from: number) => void} draw
 */
function drawEntries(place, entries, total, from, draw) {
  if (entries.length === 0) {
    fill(place, panel("Entries", "none", element("div.inside", {}, element("p.soft", {}, "Nothing matches."))));
    return;
  }
  fill(place, panel("Entries", formatCount(from + 1) + " to " + formatCount(from + entries.length) + " of " + countOf(total, "entry", "entries"),
    table(["When", "Who", "What", { text: "Rows", isNumber: true }, "About", "From"], entries.map((entry) => [
      formatTime(entry.at, { seconds: true }), entry.user || "unknown", element("span", {}, actions[entry.action] ?? entry.action, entry.detail ? element("small.soft", {}, " " + entry.detail) : null),
      entry.rows ? formatCount(entry.rows) : "", aboutLinks(entry), entry.from]), { caption: "Log", classes: "is-dense" }),
    total > pageSize ? element("footer", {}, element("div.actions", {},
      from > 0 ? button("Newer", () => draw(Math.max(0, from - pageSize)), "small") : null,
      from + entries.length < total ? button("Older", () => draw(from + pageSize), "small") : null)) : null));
}

/** @param {LogEntry} entry */
function aboutLinks(entry) {
  const links = [];
  if (entry.list) links.push(element("a", { href: "/lists/" + entry.list }, "list"), " ");
  if (entry.plan) links.push(element("a", { href: "/plans/" + entry.plan }, "plan"), " ");
  if (entry.run) links.push(element("a", { href: "/runs/" + entry.run }, "run " + entry.run));
  return element("span", {}, ...links);
}

/**
 * Saves all entries that match.
 *
 * @param {string} action
 * @param {string} user
 */
async function exportLog(action, user) {
  const lines = [["at", "user", "from", "action", "list", "plan", "run", "rows", "detail"]];
  for (let from = 0, total = 1; from < total; from += 500) {
    const query = new URLSearchParams({ from: String(from), n: "500" });
    if (action) query.set("action", action);
    if (user) query.set("user", user);
    const log = await getJSON("/api/log?" + query);
    total = log.total;
    for (const e of /** @type {LogEntry[]} */ (log.entries)) {
      lines.push([e.at, e.user, e.from, e.action, e.list ?? "", e.plan ?? "", String(e.run ?? ""), String(e.rows ?? ""), e.detail ?? ""]);
    }
  }
  const text = "\uFEFF" + lines.map((line) => line.map(quoteCell).join(",")).join("\r\n") + "\r\n";
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = /** @type {HTMLAnchorElement} */ (element("a", { href: address, download: "bulkonboard-log.csv" }));
  link.click();
  URL.revokeObjectURL(address);
}

/** @param {string} text */
function quoteCell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text; // not a formula in a spreadsheet program
  return '"' + safe.replace(/"/g, '""') + '"';
}
