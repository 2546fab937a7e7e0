// @ts-check
import { DropZone } from "./dropzone.js";
import { byID, element, fill, panel, table } from "./dom.js";
import { countOf, formatCount, formatMoney, formatTime, placeName } from "./format.js";
import { hideBanner, reportError, showBanner } from "./notices.js";
import { Refusal, getJSON } from "./request.js";
import { hasRole, startPage, targetName } from "./shell.js";
import { planState, runState } from "./states.js";

/**
 * @typedef {import("./types.js").ListSummary} ListSummary
 * @typedef {import("./types.js").PlanSummary} PlanSummary
 * @typedef {import("./types.js").Run} Run
 */

const refreshEvery = 5000; // milliseconds
const refreshFor = 5 * 60_000; // milliseconds after the last key or click, so that an unused page lets the session end

void startPage(async (session) => {
  const page = element("div.page");
  fill(byID("main"), page);
  const isSender = hasRole(session, "prepare");
  const work = element("div.stack");
  fill(page,
    element("div.title", {}, element("h1", {}, "Lists"), element("span.soft", {}, whereText(session.target)), element("span.local", {}, "Runs on " + placeName())),
    session.target.walletProblem ? walletNotice(session.target) : null,
    isSender ? new DropZone(session).node : null,
    work);
  const draw = async () => {
    // Lists can be checked and corrected whatever the ledger is like.
    const [lists, plans, runs] = await Promise.allSettled([getJSON("/api/lists"), getJSON("/api/plans"), getJSON("/api/runs")]);
    if (lists.status === "rejected") throw lists.reason;
    drawWork(work, lists.value.lists, plans.status === "fulfilled" ? plans.value.plans : [], runs.status === "fulfilled" ? runs.value.runs : [], session);
    const failed = [plans, runs].find((answer) => answer.status === "rejected");
    if (failed?.status === "rejected") showLedgerFault(failed.reason);
    else hideBanner("ledger");
  };
  await draw();
  let lastUse = Date.now();
  for (const event of ["pointerdown", "keydown"]) window.addEventListener(event, () => (lastUse = Date.now()));
  setInterval(() => {
    if (!document.hidden && Date.now() - lastUse < refreshFor) draw().catch(reportError);
  }, refreshEvery);
});

/** @param {unknown} error */
function showLedgerFault(error) {
  if (!(error instanceof Refusal) || error.status === 401) {
    reportError(error);
    return;
  }
  showBanner("ledger", "bad", element("span", {}, element("b", {}, "The ledger cannot be used."), error.message + " " + error.whatToDo + " Lists can be checked and corrected; planning and sending have to wait."));
}

/** @param {import("./types.js").Target} target */
function whereText(target) {
  const name = targetName(target);
  const facts = [name.endsWith(target.host) ? "" : target.host, target.account ? "account " + target.account : "", target.key ? "key " + target.key : ""].filter(Boolean);
  return name + (facts.length > 0 ? " (" + facts.join(", ") + ")" : "");
}

/** @param {import("./types.js").Target} target */
function walletNotice(target) {
  return element("div.notice.is-warn", {}, element("b", {}, "The partner's wallet cannot be read at the moment."),
    element("p", {}, "Lists can be checked and corrected. A plan needs the wallet. (" + target.walletProblem + ")"));
}

/**
 * @param {HTMLElement} place
 * @param {ListSummary[]} lists
 * @param {PlanSummary[]} plans
 * @param {Run[]} runs
 * @param {import("./types.js").Session} session
 */
function drawWork(place, lists, plans, runs, session) {
  const waiting = plans.filter((plan) => ["waiting", "approved", "stale", "running"].includes(plan.state));
  const underway = runs.filter((run) => run.finishedAt === null);
  const ended = runs.filter((run) => run.finishedAt !== null).slice(0, 10);
  const forMe = waiting.filter((plan) => plan.state === "waiting" && !plan.mine && hasRole(session, "approve"));
  fill(place,
    underway.length > 0 ? panel("Runs under way", null, runTable(underway)) : null,
    forMe.length > 0 ? panel("Plans waiting for you", countOf(forMe.length, "plan"), planTable(forMe)) : null,
    panel("Lists in hand", lists.length > 0 ? countOf(lists.length, "list") : null, lists.length > 0 ? listTable(lists, plans) : emptyText(session)),
    waiting.length > forMe.length ? panel("Plans", null, planTable(waiting.filter((plan) => !forMe.includes(plan)))) : null,
    ended.length > 0 ? panel("Reports", null, runTable(ended)) : null);
}

/** @param {import("./types.js").Session} session */
function emptyText(session) {
  return element("div.inside", {}, element("p.soft", {}, hasRole(session, "prepare")
    ? "No list yet. Drop a spreadsheet above. It is checked on " + placeName() + ", and nothing is sent before a plan is approved."
    : "No list yet. Lists appear here when a colleague has dropped one."));
}

/**
 * @param {ListSummary[]} lists
 * @param {PlanSummary[]} plans newest first
 */
function listTable(lists, plans) {
  return table(["File", "State", { text: "Rows", isNumber: true }, { text: "Ready", isNumber: true }, { text: "To correct", isNumber: true }, "Who has it", "Last change"],
    lists.map((list) => [element("a", { href: "/lists/" + list.id }, list.name), listState(list, plans),
      formatCount(list.counts.rows), formatCount(list.counts.ready), formatCount(list.counts.toCorrect),
      list.mine ? "you" : list.owner + " (read only)", formatTime(list.changedAt)]), { caption: "Lists in hand" });
}

/**
 * @param {ListSummary} list
 * @param {PlanSummary[]} plans newest first
 */
function listState(list, plans) {
  const plan = plans.find((p) => p.list === list.id && p.revision === list.revision);
  if (plan?.state === "used") return element("span.state.is-good", {}, list.counts.toCorrect > 0 ? "Sent, some rows to correct" : "Sent");
  if (plan && ["waiting", "approved", "running"].includes(plan.state)) return planState(plan);
  switch (list.state) {
    case "unsettled": return element("span.state.is-warn", {}, "Has a question");
    case "checking": return element("span.state.is-busy", {}, "Being checked");
    case "failed": return element("span.state.is-bad", {}, "Cannot be read");
    case "checked": return list.counts.toCorrect > 0 ? element("span.state.is-warn", {}, "To correct") : element("span.state.is-good", {}, "Ready to plan");
  }
}

/** @param {PlanSummary[]} plans */
function planTable(plans) {
  return table(["Plan", "State", { text: "Rows to send", isNumber: true }, { text: "At most", isNumber: true }, "Made by", "Expires"],
    plans.map((plan) => [element("a", { href: "/plans/" + plan.id }, plan.name), planState(plan), formatCount(plan.send),
      plan.atMost ? formatMoney(plan.atMost) : "unknown", plan.mine ? "you" : plan.maker, formatTime(plan.expiresAt)]), { caption: "Plans" });
}

/** @param {Run[]} runs */
function runTable(runs) {
  return table(["Run", "State", { text: "Created", isNumber: true }, { text: "Of", isNumber: true }, { text: "Problems", isNumber: true }, "Started by", "Started"],
    runs.map((run) => [element("a", { href: "/runs/" + run.id }, run.name), runState(run), formatCount(run.created), formatCount(run.total),
      formatCount(run.problems), run.by, formatTime(run.startedAt)]), { caption: "Runs" });
}
