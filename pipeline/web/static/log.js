// @ts-check
import { button, byID, element, fill, panel, table } from "./dom.js";
import { fieldLabel } from "./fields.js";
import { countOf, formatCount, formatTime } from "./format.js";
import { downloadButton, reportError } from "./notices.js";
import { getJSON } from "./request.js";
import { startPage } from "./shell.js";

/** @typedef {import("./types.js").LogEntry} LogEntry */

const pageSize = 200;
const actions = /** @type {Record<string, string>} */ ({
  login: "Signed in", "login-failed": "Failed to sign in", logout: "Signed out", upload: "Dropped a list", discard: "Discarded a list",
  settings: "Changed how a list is read", "keep-mapping": "Kept a mapping", "use-mapping": "Used a kept mapping", cells: "Changed cells", decision: "Decided once", "leave-out": "Left rows out", undo: "Undid a change",
  plan: "Submitted a plan", approve: "Approved a plan", decline: "Declined a plan", run: "Started a run", stop: "Stopped a run",
  links: "Handed out links", report: "Downloaded a report", download: "Downloaded a file",
});

void startPage(() => {
  const place = element("div");
  const action = /** @type {HTMLSelectElement} */ (element("select.field", { id: "action" }, element("option", { value: "" }, "everything"),
    ...Object.entries(actions).map(([value, text]) => element("option", { value }, text))));
  const user = /** @type {HTMLInputElement} */ (element("input.field", { id: "user", type: "search" }));
  const query = () => {
    const parts = new URLSearchParams();
    if (action.value) parts.set("action", action.value);
    if (user.value.trim()) parts.set("user", user.value.trim());
    return parts.toString();
  };
  const draw = (/** @type {number} */ from) => {
    getJSON("/api/log?from=" + from + "&n=" + pageSize + "&" + query()).then((log) => drawEntries(place, log.entries, log.total, from, draw), reportError);
  };
  action.addEventListener("change", () => draw(0));
  user.addEventListener("change", () => draw(0));
  fill(byID("main"), element("div.page", {},
    element("div.title", {}, element("h1", {}, "Log"), element("span.soft", {}, "who did what, when and from where; no values of any list")),
    element("div.logbar", {},
      element("div", {}, element("label.label", { for: "action" }, "What"), action),
      element("div", {}, element("label.label", { for: "user" }, "Who"), user),
      downloadButton("Export as CSV", () => "/api/log.csv?" + query())),
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
      formatTime(entry.at, { seconds: true }), entry.user || "unknown", element("span", {}, actions[entry.action] ?? entry.action, entry.detail ? element("small.soft", {}, " " + detailText(entry)) : null),
      entry.rows ? formatCount(entry.rows) : "", aboutLinks(entry), entry.from]), { caption: "Log", classes: "is-dense" }),
    total > pageSize ? element("footer", {}, element("div.actions", {},
      from > 0 ? button("Newer", () => draw(Math.max(0, from - pageSize)), "small") : null,
      from + entries.length < total ? button("Older", () => draw(from + pageSize), "small") : null)) : null));
}

const details = /** @type {Record<string, string>} */ ({ "leave-out": "rows of a kind left out", "phone-plus": "phone numbers without +", "phone-region": "country of phone numbers",
  marked: "marked workbook", corrected: "corrected workbook", rejects: "rows to correct", shown: "on the page", "mail-merge": "in a file for mailing" });

/**
 * Returns the detail of an entry in words.
 *
 * @param {LogEntry} entry
 */
function detailText(entry) {
  const detail = entry.detail ?? "";
  const [kind, field] = detail.split(" ");
  if (kind === "value" && field) return "meanings of " + fieldLabel(field);
  if (kind === "join" && field) return "columns joined for " + fieldLabel(field);
  return details[detail] ?? detail;
}

/** @param {LogEntry} entry */
function aboutLinks(entry) {
  const links = [];
  if (entry.list) links.push(element("a", { href: "/lists/" + entry.list }, "list"), " ");
  if (entry.plan) links.push(element("a", { href: "/plans/" + entry.plan }, "plan"), " ");
  if (entry.run) links.push(element("a", { href: "/runs/" + entry.run }, "run " + entry.run));
  return element("span", {}, ...links);
}
