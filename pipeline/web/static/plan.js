// @ts-check
import { button, byID, element, fill, linkButton, notice, panel } from "./dom.js";
import { countOf, formatTime } from "./format.js";
import { reportError, showCommand } from "./notices.js";
import { decisionPanel, overlapNotice, planFigures, samplePanel, warningNotice } from "./planfigures.js";
import { Refusal, getJSON, request } from "./request.js";
import { drawHeader, hasRole, startPage } from "./shell.js";

/**
 * @typedef {import("./types.js").Plan} Plan
 * @typedef {import("./types.js").Session} Session
 */

void startPage(async (session) => {
  const path = "/api/plans/" + encodeURIComponent(document.body.dataset.id ?? "");
  const plan = /** @type {Plan} */ (await getJSON(path));
  const listRows = await countListRows(plan);
  const draw = (/** @type {Plan} */ plan) => drawPlan(session, path, plan, listRows, draw);
  draw(plan);
});

/**
 * Returns how many rows the list of a plan has, those included that were left out of it;
 * 0 if it is not the list that was planned any more.
 *
 * @param {Plan} plan
 */
async function countListRows(plan) {
  if (!plan.list) return 0;
  try {
    const list = /** @type {import("./types.js").List} */ (await getJSON("/api/lists/" + plan.list));
    return list.revision === plan.revision ? list.counts.rows : 0;
  } catch (error) {
    if (error instanceof Refusal) return 0; // discarded
    throw error;
  }
}

/**
 * @param {Session} session
 * @param {string} path
 * @param {Plan} plan
 * @param {number} listRows
 * @param {(plan: Plan) => void} draw
 */
function drawPlan(session, path, plan, listRows, draw) {
  const isDecided = plan.state !== "waiting";
  const run = plan.run > 0 ? "/runs/" + plan.run : null;
  const screens = plan.list ? ["#file", "#columns", "#check", "#plan"].map((screen) => "/lists/" + plan.list + screen) : [null, null, null, null];
  drawHeader(session, { now: isDecided && plan.state === "approved" ? 6 : 5, links: [...screens, null, run, run] });
  document.title = "Plan for " + plan.name + " · bulkonboard";
  const commands = [plan.command, plan.runCommand].filter(Boolean).join("\n");
  const isPlanShownWhole = plan.sample.length > 0;
  fill(byID("main"), element("div.page", {},
    element("div.title", {}, element("h1", {}, "Plan for " + plan.name), element("span.soft", {}, "by " + plan.maker + ", " + formatTime(plan.madeAt))),
    stateNotice(plan, session), overlapNotice(plan), warningNotice(plan.warnings),
    ...planFigures(plan, listRows), decisionPanel(plan),
    isPlanShownWhole ? samplePanel(plan) : null,
    plan.state === "waiting" ? decisionForm(session, path, plan, draw) : null,
    wayOn(session, path, plan, run),
    commands ? element("p", {}, linkButton("Show as command", () => void showCommand(commands))) : null));
}

/**
 * @param {Plan} plan
 * @param {Session} session
 */
function stateNotice(plan, session) {
  const decided = plan.decided;
  const by = decided ? decided.by + ", " + formatTime(decided.at) + (decided.comment ? ": “" + decided.comment + "”" : "") : "";
  switch (plan.state) {
    case "waiting": return notice("warn", plan.mine ? "Waiting for a second person." : hasRole(session, "approve") ? "Waiting for your decision." : "Waiting for approval.",
      plan.mine ? "You made this plan or edited its list, so another user has to approve it" + (plan.approvers.length > 0 ? ": " + plan.approvers.join(", ") : "") + "." : "Nothing is sent before it is approved.");
    case "approved": return notice("good", "Approved.", by);
    case "declined": return notice("bad", "Declined.", by);
    case "expired": return notice("warn", "Expired on " + formatTime(plan.expiresAt) + ".", "Nothing was sent. Make a new plan from the list.");
    case "stale": return notice("bad", "No longer valid: what would be sent is not what was planned.", differenceList(plan.differs), "Nothing is sent with this plan. Make a new one from the list.");
    case "running": return notice("warn", "Being carried out.", by);
    case "used": return notice("good", "Carried out. A plan is used once.", by);
    case "void": return notice("bad", "Void.", "The ledger was put back from a copy since, which cannot know what was done with this plan. Make a new one from the list.");
  }
}

/** @param {string[]} differs */
function differenceList(differs) {
  return element("ul.history", {}, ...differs.map((text) => element("li", {}, text)));
}

/**
 * @param {Session} session
 * @param {string} path
 * @param {Plan} plan
 * @param {(plan: Plan) => void} draw
 */
function decisionForm(session, path, plan, draw) {
  if (plan.mine || !hasRole(session, "approve")) return null;
  const refusal = element("div");
  const rows = /** @type {HTMLInputElement} */ (element("input.field", { id: "rows", type: "text", inputmode: "numeric", autocomplete: "off" }));
  const comment = /** @type {HTMLTextAreaElement} */ (element("textarea.field", { id: "comment", maxlength: 500 }));
  const approve = button("Approve", () => void decide("approve"), "primary");
  const decline = button("Decline", () => void decide("decline"), "danger");
  approve.disabled = true;
  rows.addEventListener("input", () => (approve.disabled = rows.value.trim() === ""));

  const decide = async (/** @type {"approve"|"decline"} */ answer) => {
    const typed = Number(rows.value.replace(/[\s,.]/g, ""));
    if (answer === "approve" && typed !== plan.send) {
      fill(refusal, notice("bad", "The plan sends " + countOf(plan.send, "row") + ", and you typed " + (rows.value.trim() || "nothing") + ".", "Look at the figures again before you approve."));
      return;
    }
    if (answer === "decline" && comment.value.trim() === "") {
      fill(refusal, notice("bad", "Say why you decline.", "The comment is shown to " + plan.maker + "."));
      comment.focus();
      return;
    }
    approve.disabled = decline.disabled = true;
    try {
      const body = { digest: plan.digest, rows: answer === "approve" ? typed : 0, comment: comment.value.trim() };
      draw((await request("POST", path + "/" + answer, { body })).body);
      window.scrollTo(0, 0);
    } catch (error) {
      approve.disabled = decline.disabled = false;
      if (error instanceof Refusal) fill(refusal, notice("bad", error.message, error.whatToDo || null));
    }
  };
  return panel("Your decision", null, element("div.inside", {},
    element("div.typed", {}, element("div", {}, element("label.label", { for: "rows" }, "Type the number of rows that will be sent"), rows)),
    element("div", {}, element("label.label", { for: "comment" }, "Comment"), comment),
    refusal, element("div.actions", {}, approve, decline)));
}

/**
 * @param {Session} session
 * @param {string} path
 * @param {Plan} plan
 * @param {string|null} run
 */
function wayOn(session, path, plan, run) {
  if (run && plan.state !== "running") return element("div.actions", {}, element("a.button.primary", { href: run }, "Show the report"));
  if (plan.state !== "approved" && plan.state !== "running") return null;
  if (!hasRole(session, "prepare") && !hasRole(session, "approve")) return null;
  const refusal = element("div");
  const start = button(plan.state === "running" ? "Continue" : startText(plan), () => void startRun(path, start, refusal), "primary");
  return panel("Send", null, element("div.inside", {},
    element("p", {}, plan.state === "running"
      ? "A run of this plan was begun. If it was interrupted, continue it: rows that were sent are settled first, and no customer is created twice."
      : "Creates users at the partner. Anything that no longer is as it was approved stops the run before the first row."),
    refusal, element("div.actions", {}, start, run ? element("a.button", { href: run }, "Show the run") : null)));
}

/** @param {Plan} plan */
function startText(plan) {
  return plan.limit > 0 && plan.limit < plan.send ? "Send the first " + countOf(plan.limit, "row") + " now" : "Send " + countOf(plan.send, "row") + " now";
}

/**
 * @param {string} path
 * @param {HTMLButtonElement} start
 * @param {HTMLElement} refusal
 */
async function startRun(path, start, refusal) {
  start.disabled = true;
  try {
    const run = (await request("POST", path + "/run")).body;
    location.assign("/runs/" + run.id);
  } catch (error) {
    start.disabled = false;
    if (error instanceof Refusal) fill(refusal, notice("bad", error.message, error.body.differs ? differenceList(error.body.differs) : null, error.whatToDo || null));
    else reportError(error);
  }
}
