// @ts-check
import { button, byID, element, fill, notice, panel } from "./dom.js";
import { formatCount, formatMoney, formatTime } from "./format.js";
import { askUser, hideBanner, reportError, showBanner } from "./notices.js";
import { warningNotice } from "./planfigures.js";
import { drawReport } from "./reportpart.js";
import { getJSON, request } from "./request.js";
import { drawHeader, hasRole, startPage } from "./shell.js";
import { runState } from "./states.js";

/**
 * @typedef {import("./types.js").Run} Run
 * @typedef {import("./types.js").Session} Session
 */

void startPage(async (session) => {
  const path = "/api/runs/" + encodeURIComponent(document.body.dataset.id ?? "");
  const figures = element("div.stack");
  const report = element("div.stack");
  fill(byID("main"), element("div.page", {}, figures, report));
  const run = /** @type {Run} */ (await getJSON(path));
  await showRun(session, path, run, figures, report);
  if (!isRunOver(run)) watchRun(session, path, figures, report);
});

/**
 * Shows the figures as they come. The browser connects again by itself.
 *
 * @param {Session} session
 * @param {string} path
 * @param {HTMLElement} figures
 * @param {HTMLElement} report
 */
function watchRun(session, path, figures, report) {
  const events = new EventSource(path + "/events");
  events.addEventListener("run", (event) => {
    hideBanner("stream");
    const run = /** @type {Run} */ (JSON.parse(event.data));
    if (isRunOver(run)) events.close(); // before the server ends the stream
    showRun(session, path, run, figures, report).catch(reportError);
  });
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) {
      showBanner("stream", "bad", element("span", {}, element("b", {}, "The live figures have stopped."), "The run goes on as long as the program runs."),
        button("Show again", () => location.reload(), "small"));
    } else {
      showBanner("stream", "warn", element("span", {}, element("b", {}, "The program does not answer."), "Trying again. If its window was closed, start bulkonboard web again and continue the plan: no customer is created twice."));
    }
  });
}

/** @param {Run} run */
function isRunOver(run) {
  return run.state === "finished" || run.state === "stopped";
}

/**
 * Draws a run and, once it is over, its report.
 *
 * @param {Session} session
 * @param {string} path
 * @param {Run} run
 * @param {HTMLElement} figures
 * @param {HTMLElement} report
 */
async function showRun(session, path, run, figures, report) {
  const isOver = isRunOver(run);
  const screens = run.list ? ["#file", "#columns", "#check"].map((screen) => "/lists/" + run.list + screen) : [null, null, null];
  if (run.wallet) session.target.wallet = run.wallet;
  drawHeader(session, { now: isOver ? 7 : 6, links: [...screens, null, run.plan ? "/plans/" + run.plan : null, null, null] });
  document.title = (isOver ? "Report of " : "Sending ") + run.name + " · bulkonboard";
  drawFigures(session, path, run, isOver, figures);
  if (isOver && report.childElementCount === 0) drawReport(report, session, path, /** @type {import("./types.js").Report} */ (await getJSON(path + "/report")));
}

/**
 * @param {Session} session
 * @param {string} path
 * @param {Run} run
 * @param {boolean} isOver
 * @param {HTMLElement} place
 */
function drawFigures(session, path, run, isOver, place) {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.id : "";
  const share = run.total > 0 ? (100 * run.sent) / run.total : 0;
  const bar = element("i");
  bar.style.width = Math.min(100, share) + "%";
  fill(place,
    element("div.title", {}, element("h1", {}, (isOver ? "Report of " : "Sending ") + run.name), element("span.soft", {}, "started by " + run.by + ", " + formatTime(run.startedAt)), element("span", {}, runState(run))),
    run.stop ? notice(run.stop.code === "ledger" || run.exitCode === 9 ? "bad" : "warn", run.stop.sentence, run.stop.whatToDo || null) : null,
    run.waits && !isOver ? notice("warn", run.waits) : null,
    warningNotice(run.warnings),
    panel(isOver ? "What was sent" : "Progress", isOver ? "" : formatCount(run.sent) + " of " + formatCount(run.total), element("div.inside", { "aria-live": "off" },
      element("div.big", {}, figure(run.created, "created"), figure(run.sent, "sent"), figure(run.problems, "problems"), figure(run.inDoubt, isOver ? "in doubt" : "in flight"),
        isOver ? null : figure(run.perSecond > 0 ? run.perSecond.toFixed(1) + "/s" : "–", "rate"),
        run.wallet ? figure(formatMoney(run.wallet), run.currency + " in the wallet") : null,
        run.charged ? figure(formatMoney(run.charged), run.currency + " charged") : null),
      element("div.meter.is-plain", { role: "progressbar", "aria-valuemin": 0, "aria-valuemax": run.total, "aria-valuenow": run.sent, "aria-label": "Rows sent" }, bar),
      isOver
        ? element("p.soft", {}, run.finishedAt ? (run.state === "stopped" ? "Stopped " : "Finished ") + formatTime(run.finishedAt, { seconds: true }) + "." : "")
        : element("p.running", {}, run.endsAt ? "Ends at about " + formatTime(run.endsAt) + ". " : "", "You may close this page; keep this program running.")),
      isOver ? null : element("footer", {}, stopButtons(session, path, run))));
  if (focused) document.getElementById(focused)?.focus();
}

/**
 * @param {string|number} value
 * @param {string} name
 */
function figure(value, name) {
  return element("div", {}, element("b", {}, typeof value === "number" ? formatCount(value) : value), element("span", {}, name));
}

/**
 * @param {Session} session
 * @param {string} path
 * @param {Run} run
 */
function stopButtons(session, path, run) {
  if (!hasRole(session, "prepare") && !hasRole(session, "approve")) return element("p.soft", {}, "You can watch this run.");
  const isStopping = run.state === "stopping";
  const stop = button(isStopping ? "Cut the requests in flight" : "Pause after the requests in flight", async () => {
    if (isStopping && (await askUser("Cut the requests in flight?", ["Rows that are cut are in doubt until the next run has asked the partner about them. Waiting a little longer avoids that."],
      [{ text: "Wait", value: "" }, { text: "Cut them", value: "cut", classes: "danger" }])) !== "cut") return;
    request("POST", path + "/stop").catch(reportError);
  }, isStopping ? "danger" : "");
  stop.id = "stop";
  return element("div.actions", {}, stop, element("span.soft", {}, isStopping ? "Waiting for the answers to requests in flight." : "A paused run can be continued from its plan."));
}
