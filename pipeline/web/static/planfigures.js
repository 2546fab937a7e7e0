// @ts-check
import { element, factList, notice, panel } from "./dom.js";
import { countOf, formatCount, formatDuration, formatMoney, formatTime } from "./format.js";
import { targetName } from "./shell.js";

/** @typedef {import("./types.js").Plan} Plan */

const leftOutNames = /** @type {Record<string, string>} */ ({ duplicate_in_input: "Repeats of an earlier row", duplicate: "Known to the partner already", forgotten: "Erased on request" });

/**
 * Builds the figures of a plan: where it goes, which rows, what it costs.
 *
 * @param {Plan} plan
 * @param {number} listRows of the list, those included that were left out by hand; 0 if not known
 * @returns {HTMLElement[]}
 */
export function planFigures(plan, listRows) {
  return [
    element("div.columns", {}, rowPanel(plan, listRows), moneyPanel(plan)),
    element("div.columns", {}, targetPanel(plan), element("div.stack", {}, timePanel(plan), lastRunPanel(plan))),
  ];
}

/**
 * @param {Plan} plan
 * @param {number} listRows
 */
function rowPanel(plan, listRows) {
  const lines = [line("Send", plan.send)];
  if (plan.inDoubt > 0) lines.push(line("of these in doubt: looked up before they are sent again", plan.inDoubt, "is-inset"));
  if (plan.limit > 0) lines.push(line("of these in the first run, which then stops", Math.min(plan.limit, plan.send), "is-inset"));
  if (plan.known > 0) lines.push(line("Created earlier, not sent again", plan.known, "behind"));
  for (const left of plan.leftOut) lines.push(line(leftOutNames[left.status] ?? left.text, left.rows, "behind"));
  if (plan.toCorrect > 0) lines.push(line("To correct: they stay behind", plan.toCorrect, "behind"));
  if (listRows > plan.rows) lines.push(line("Left out of the list", listRows - plan.rows, "behind"));
  lines.push(line("Rows of the list", Math.max(listRows, plan.rows), "total"));
  return panel("Rows", null, element("table.lines", {}, element("caption.unseen", {}, "Rows of the plan"), element("tbody", {}, ...lines)));
}

/**
 * @param {string} name
 * @param {string|number} value
 * @param {string} [look]
 */
function line(name, value, look = "") {
  return element("tr", { class: look }, element("th", { scope: "row" }, name), element("td.number", {}, typeof value === "number" ? formatCount(value) : value));
}

/** @param {Plan} plan */
function moneyPanel(plan) {
  const money = (/** @type {string} */ amount) => formatMoney(amount, plan.currency);
  const lines = [line("Users to create", plan.send), line("Fee of each", plan.fee ? money(plan.fee) : "unknown")];
  if (plan.atMost) lines.push(line("At most", money(plan.atMost), "total"));
  lines.push(line("In the wallet", plan.wallet ? money(plan.wallet) : "unknown"));
  if (plan.remains) lines.push(line("Remains", money(plan.remains)));
  if (plan.shortfall) lines.push(line("Short by", money(plan.shortfall), "is-short"));
  return panel("Cost", null, element("table.lines", {}, element("caption.unseen", {}, "Cost of the plan"), element("tbody", {}, ...lines)));
}

/** @param {Plan} plan */
function timePanel(plan) {
  return panel("When", null, element("div.inside", {}, factList([
    ["Takes about", plan.seconds > 0 ? formatDuration(plan.seconds) : "not known: no rate limit is set"],
    ["Expires", plan.id ? formatTime(plan.expiresAt) : "24 hours after it is submitted"],
    ["May approve", plan.approvers.length > 0 ? plan.approvers.join(", ") : "any other user with the role approve"],
  ])));
}

/** @param {Plan} plan */
function targetPanel(plan) {
  const { target } = plan;
  return panel("Where it goes", null, element("div.inside", {}, factList([
    ["Environment", target.rehearsal || target.live ? targetName(target) : target.environment],
    ["Partner", target.host],
    ["Account", target.account || "not known yet"],
    ["API key", target.key ? element("code", {}, target.key) : "none"],
    ["Ledger", target.ledger],
    ["File and settings", plan.fingerprint ? element("code", {}, plan.fingerprint) : null],
    ["Rows to send", plan.rowDigest ? element("code", {}, plan.rowDigest) : null],
  ])));
}

/**
 * Builds what differs from the last run of the list.
 *
 * @param {Plan} plan
 */
function lastRunPanel(plan) {
  const last = plan.lastRun;
  if (!last) return panel("Compared with the last run", null, element("div.inside", {}, element("p.soft", {}, "A list of this name was not sent before.")));
  return panel("Compared with the last run", formatTime(last.at), element("table.lines", {}, element("caption.unseen", {}, "Differences to the last run"), element("tbody", {},
    line("Rows of the list then", last.rows), line("Users created then", last.created),
    line("Customers who are new in this list", last.added), line("Customers who are no longer in it", last.gone))));
}

/**
 * Builds the meanings that were decided once, with who decided.
 *
 * @param {Plan} plan
 */
export function decisionPanel(plan) {
  return panel("Decided once", countOf(plan.decisions.length, "decision"), plan.decisions.length > 0
    ? element("div.inside", {}, element("ul.history", {}, ...plan.decisions.map((decision) =>
      element("li", {}, decision.text, element("span.soft", {}, " " + decision.by + ", " + formatTime(decision.at))))))
    : element("div.inside", {}, element("p.soft", {}, "Nothing was decided for many cells at once.")));
}

/**
 * Builds rows that were picked at random, as they would be sent.
 *
 * @param {Plan} plan
 */
export function samplePanel(plan) {
  const columns = plan.columns.filter((column) => column.field || column.foundBy === "id");
  return panel(countOf(plan.sample.length, "row") + " picked at random", "as they would be sent", element("div.scrolls", {}, element("table.is-dense", {},
    element("caption.unseen", {}, "Rows picked at random"),
    element("thead", {}, element("tr", {}, element("th.number", { scope: "col" }, "row"), ...columns.map((column) => element("th", { scope: "col" }, column.heading)))),
    element("tbody", {}, ...plan.sample.map((row) => element("tr", {}, element("th.number.soft", { scope: "row" }, row.number),
      ...columns.map((column) => element("td.nowrap", {}, row.cells[column.index] ?? ""))))))));
}

/**
 * Builds why a plan cannot be submitted, null if it can.
 *
 * @param {Plan} plan
 */
export function blockedNotice(plan) {
  const { blocked } = plan;
  if (!blocked) return null;
  const isShort = blocked.code === "wallet_short" && blocked.shortfall;
  return notice("bad", isShort
    ? "The wallet is short by " + formatMoney(blocked.shortfall ?? "", plan.currency) + ": it covers " + formatCount(blocked.covers ?? 0) + " of " + countOf(plan.send, "row") + "."
    : blocked.sentence || blocked.code, blocked.whatToDo || null);
}

/**
 * Builds what a command warned of, null if it did not.
 *
 * @param {string[]} warnings
 */
export function warningNotice(warnings) {
  if (warnings.length === 0) return null;
  return warnings.length === 1 ? notice("warn", "Please note.", warnings[0])
    : notice("warn", "Please note.", element("ul.history", {}, ...warnings.map((text) => element("li", {}, text))));
}

/**
 * Builds that the wallet is not known, null if it is.
 *
 * @param {Plan} plan
 */
export function walletNotice(plan) {
  if (plan.wallet !== "" || plan.blocked || plan.send === 0) return null;
  return notice("warn", "It is not known what the wallet holds.", "The partner could not be asked, so the plan may cost more than there is. " + (plan.target.walletProblem ? "(" + plan.target.walletProblem + ")" : ""));
}

/**
 * Builds which other plans have the same rows, null if none has.
 *
 * @param {Plan} plan
 */
export function overlapNotice(plan) {
  if (!plan.overlaps || plan.overlaps.length === 0) return null;
  return notice("warn", "Other plans have some of the same rows.", element("ul.history", {}, ...plan.overlaps.map((other) =>
    element("li", {}, countOf(other.rows, "row") + " in ", element("a", { href: "/plans/" + other.plan }, "a plan of " + other.maker)))), "Each customer is created once: the plan that is sent second skips them.");
}
