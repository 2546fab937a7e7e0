// @ts-check
import { DropZone } from "./dropzone.js";
import { button, element, fill, notice, panel, table } from "./dom.js";
import { fieldLabel } from "./fields.js";
import { capitalize, countOf, formatCount, formatTime } from "./format.js";
import { askUser, downloadButton, reportError } from "./notices.js";
import { getJSON } from "./request.js";
import { hasRole } from "./shell.js";

/** @typedef {import("./types.js").Report} Report */

const statusNames = /** @type {Record<string, string>} */ ({
  created: "Created",
  link_missing: "Created, link missing",
  duplicate: "Known to the partner already",
  duplicate_in_input: "Repeat of an earlier row",
  invalid: "To correct",
  rejected: "Refused by the partner",
  insufficient_balance: "Not paid: the wallet was empty",
  in_doubt: "In doubt",
  pending: "Not sent yet",
  forgotten: "Erased on request",
});

const exportWords = /** @type {Record<string, string>} */ ({ shown: "shown on this page", "mail-merge": "downloaded for mail merge" });

/**
 * Draws the report of a run that is over.
 *
 * @param {HTMLElement} place
 * @param {import("./types.js").Session} session
 * @param {string} path of the run
 * @param {Report} report
 */
export function drawReport(place, session, path, report) {
  const { origin } = report.run;
  fill(place,
    origin ? notice("good", "These are corrected rows.", element("p", {}, "They stayed behind in ", element("a", { href: "/runs/" + origin }, "run " + origin), ".")) : null,
    element("div.columns", {}, outcomePanel(report), downloadPanel(path, report)),
    report.kyc.users > 0 ? checkPanel(report.kyc) : null,
    report.rejects > 0 || report.lists.length + report.runs.length > 0 ? followPanel(session, report) : null,
    report.causes.length > 0 ? causePanel(report) : null,
    report.links > 0 && report.mayLinks ? linkPanel(path, report) : null);
}

/**
 * Builds how far the users are with their identity check.
 *
 * @param {import("./types.js").KYC} kyc
 */
function checkPanel(kyc) {
  const line = (/** @type {string} */ name, /** @type {number} */ n, look = "") => element("tr", { class: look }, element("th", { scope: "row" }, name), element("td.number", {}, formatCount(n)));
  const finished = kyc.approved + kyc.denied;
  const reasons = kyc.reasons.map((reason) => reason.text + " (" + formatCount(reason.users) + ")").join(", ");
  if (!kyc.hasNews) {
    return panel("Identity checks", "no news yet", element("div.inside", {},
      element("p", {}, "The partner has not reported on any of the " + countOf(kyc.users, "user") + ". Figures appear here once whoever runs the program fetches them with ", element("code", {}, "bulkonboard kyc sync"), "."),
      deadText(kyc)));
  }
  return panel("Identity checks", countOf(finished, "user") + " of " + formatCount(kyc.users) + " finished", element("table.lines", {}, element("caption.unseen", {}, "Identity checks of the users"), element("tbody", {},
    line("Opened their link", kyc.opened), line("Approved", kyc.approved, "is-inset"), line("Denied", kyc.denied, "is-inset"), line("Under review", kyc.pending, "is-inset"),
    line("Have not opened it yet", kyc.working + kyc.dead), kyc.noLink > 0 ? line("Have no link", kyc.noLink) : "", line("Users", kyc.users, "total"))),
  element("div.inside", {}, reasons ? element("p", {}, "Why users were denied: " + reasons + ".") : null, deadText(kyc)));
}

/** @param {import("./types.js").KYC} kyc */
function deadText(kyc) {
  if (kyc.dead === 0) return null;
  return element("p.warn", {}, countOf(kyc.dead, "link") + " probably no longer " + (kyc.dead === 1 ? "works" : "work") + " because nobody opened " + (kyc.dead === 1 ? "it" : "them") + " in time. Ask whoever runs the program to renew them.");
}

/**
 * Builds where the rows went that stayed behind.
 *
 * @param {import("./types.js").Session} session
 * @param {Report} report
 */
function followPanel(session, report) {
  const lists = report.lists.map((list) => element("li", {}, element("a", { href: "/lists/" + list.id }, list.name),
    ": " + formatCount(list.counts.ready) + " ready, " + formatCount(list.counts.toCorrect) + " to correct, dropped by " + list.owner + ", " + formatTime(list.madeAt)));
  const runs = report.runs.map((run) => element("li", {}, element("a", { href: "/runs/" + run.id }, "run " + run.id),
    ": " + countOf(run.created, "user") + " created, started by " + run.by + ", " + formatTime(run.startedAt)));
  const hasAny = lists.length + runs.length > 0;
  const isSender = hasRole(session, "prepare");
  return panel("Rows that stayed behind", report.rejects > 0 ? countOf(report.rejects, "row") + " to correct" : null, element("div.inside", {},
    hasAny ? element("ul.history", {}, ...runs, ...lists) : element("p", {}, isSender ? "Download the rows to correct, correct them in their workbook, and drop it here. No customer is created twice." : "Once they are corrected and sent, this says what became of them."),
    report.rejects > 0 && isSender ? new DropZone(session, { origin: report.run.id }).node : null));
}

/** @param {Report} report */
function outcomePanel(report) {
  const { statuses } = report.run;
  const names = Object.keys(statusNames).filter((status) => (statuses[status] ?? 0) > 0);
  const sum = names.reduce((n, status) => n + statuses[status], 0);
  const line = (/** @type {string} */ name, /** @type {number} */ n, look = "") => element("tr", { class: look }, element("th", { scope: "row" }, name), element("td.number", {}, formatCount(n)));
  return panel("Outcome", null, element("table.lines", {}, element("caption.unseen", {}, "Outcome of all rows"), element("tbody", {},
    ...names.map((status) => line(statusNames[status], statuses[status])), line("Rows of the run", sum, "total"))));
}

/**
 * @param {string} path
 * @param {Report} report
 */
function downloadPanel(path, report) {
  const links = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", id: "with-links" }));
  const downloads = ["xlsx", "csv", "html", "json"].map((format) =>
    downloadButton("Report ." + format, () => path + "/report." + format + (links.checked ? "?links=1" : "")));
  return panel("Downloads", null, element("div.inside", {},
    element("div.downloads", {}, ...downloads),
    report.mayLinks && report.links > 0 ? element("p", {}, element("label", {}, links, " with the verification links (each download is logged)")) : null,
    report.rejects > 0 && report.mayLinks ? element("p", {}, downloadButton("Rows to correct (" + formatCount(report.rejects) + ")", () => path + "/rejects.xlsx"),
      element("span.hint", {}, " in your own columns, with what is wrong")) : null));
}

/** @param {Report} report */
function causePanel(report) {
  return panel("Causes", null, table(["What happened", "Field", "Cause", { text: "Rows", isNumber: true }], report.causes.map((cause) => {
    const kind = report.kinds.find((k) => k.code === cause.code && k.field === cause.field) ?? report.kinds.find((k) => k.code === cause.code);
    return [statusNames[cause.status] ?? cause.status, kind?.heading || (cause.field ? fieldLabel(cause.field) : ""),
      element("span", {}, capitalize(kind ? kind.title : cause.code), kind?.whatToDo ? element("small.soft", {}, element("br"), kind.whatToDo) : null), formatCount(cause.count)];
  }), { caption: "Causes" }));
}

/**
 * @param {string} path
 * @param {Report} report
 */
function linkPanel(path, report) {
  const content = element("div.inside");
  const shown = element("div");
  const show = button("Show links", async () => {
    const choice = await askUser("Show " + countOf(report.links, "verification link") + "?", ["Anyone who has a link can act for the customer. Your name and the time are written to the log."],
      [{ text: "Keep them hidden", value: "" }, { text: "Show links", value: "show", classes: "primary" }]);
    if (choice === "show") await showLinks(shown, path, 0).catch(reportError);
  });
  fill(content, element("p", {}, countOf(report.links, "link") + " for customers to verify themselves. They are secrets, and hidden until you ask for them."),
    report.exports.length > 0 || report.exported ? exportList(report) : null,
    element("div.actions", {}, show, downloadButton("Mail merge .csv", () => path + "/mail-merge.csv")), shown);
  return panel("Verification links", "hidden", content);
}

/** @param {Report} report */
function exportList(report) {
  const { exported } = report;
  return notice("warn", "Links were handed out already.", element("ul.history", {},
    ...report.exports.map((entry) => element("li", {}, capitalize(exportWords[entry.detail ?? ""] ?? "downloaded in a report") + " by " + entry.user + ", " + formatTime(entry.at))),
    exported ? element("li", {}, "By ", element("code", {}, "bulkonboard " + exported.command), " for this ledger, " + formatTime(exported.at)) : null));
}

/**
 * @param {HTMLElement} place
 * @param {string} path
 * @param {number} from
 */
async function showLinks(place, path, from) {
  const count = 200;
  const { links, total } = await getJSON(path + "/links?from=" + from + "&n=" + count);
  const rows = /** @type {import("./types.js").Link[]} */ (links);
  fill(place,
    element("div.links", {}, table([{ text: "row", isNumber: true }, "Customer", "E-mail", "Link"],
      rows.map((link) => [formatCount(link.row), link.name, link.email, element("a", { href: link.url, rel: "noreferrer noopener", referrerpolicy: "no-referrer", target: "_blank" }, link.url)]), { caption: "Verification links", classes: "is-dense" })),
    element("div.actions", {},
      from > 0 ? button("Earlier", () => void showLinks(place, path, Math.max(0, from - count)).catch(reportError), "small") : null,
      from + rows.length < total ? button("Later", () => void showLinks(place, path, from + count).catch(reportError), "small") : null,
      button("Hide links", () => fill(place), "small")));
}
