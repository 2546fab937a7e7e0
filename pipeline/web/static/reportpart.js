// @ts-check
import { button, element, fill, panel, table } from "./dom.js";
import { fieldLabel } from "./fields.js";
import { countOf, formatCount, formatTime } from "./format.js";
import { askUser, downloadButton, reportError } from "./notices.js";
import { getJSON } from "./request.js";

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

/**
 * Draws the report of a run that is over.
 *
 * @param {HTMLElement} place
 * @param {string} path of the run
 * @param {Report} report
 */
export function drawReport(place, path, report) {
  fill(place,
    element("div.columns", {}, outcomePanel(report), downloadPanel(path, report)),
    report.causes.length > 0 ? causePanel(report) : null,
    report.links > 0 && report.mayLinks ? linkPanel(path, report) : null,
    report.origin ? panel("Where this list comes from", null, element("div.inside", {}, element("p", {},
      "Its rows are the corrected ones of ", element("a", { href: "/lists/" + report.origin }, "an earlier list"), "."))) : null);
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
    report.rejects > 0 ? element("p", {}, downloadButton("Rows to correct (" + formatCount(report.rejects) + ")", () => path + "/rejects.xlsx"),
      element("span.hint", {}, " Correct them and drop the file again.")) : null));
}

/** @param {Report} report */
function causePanel(report) {
  return panel("Causes", null, table(["What happened", "Field", "Cause", { text: "Rows", isNumber: true }], report.causes.map((cause) => {
    const kind = report.kinds.find((k) => k.code === cause.code && k.field === cause.field) ?? report.kinds.find((k) => k.code === cause.code);
    return [statusNames[cause.status] ?? cause.status, kind?.heading || (cause.field ? fieldLabel(cause.field) : ""),
      element("span", {}, kind ? kind.title : cause.code, kind?.whatToDo ? element("small.soft", {}, element("br"), kind.whatToDo) : null), formatCount(cause.count)];
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
    report.exports.length > 0 ? exportList(report) : null,
    element("div.actions", {}, show, downloadButton("Mail merge .csv", () => path + "/mail-merge.csv")), shown);
  return panel("Verification links", "hidden", content);
}

/** @param {Report} report */
function exportList(report) {
  return element("ul.history", {}, ...report.exports.map((entry) => element("li", {}, "Links " + (entry.detail || "exported") + " by " + entry.user + " on " + formatTime(entry.at))));
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
