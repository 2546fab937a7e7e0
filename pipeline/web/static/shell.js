// @ts-check
import { byID, element, fill, linkButton } from "./dom.js";
import { formatMoney, formatTime } from "./format.js";
import { reportError, showBanner, watchConnection } from "./notices.js";
import { getJSON, request } from "./request.js";

/** @typedef {import("./types.js").Session} Session */

const keepEvery = 4 * 60_000; // milliseconds; a session ends after 15 minutes without a request
const stepNames = ["Drop", "Columns", "Check & fix", "Plan", "Approve", "Send", "Report"];

/**
 * @typedef {object} Steps
 * @property {number} now from 1; 0 for pages that are no step
 * @property {(string|null)[]} links where each step is, null if it cannot be opened
 */

/**
 * Starts a page: it asks who the reader is and draws the header.
 *
 * @param {(session: Session) => Promise<void>|void} show draws the page
 */
export async function startPage(show) {
  watchConnection();
  keepSession();
  try {
    const session = /** @type {Session} */ (await getJSON("/api/session"));
    drawHeader(session, null);
    await show(session);
  } catch (error) {
    reportError(error);
    drawFault(error);
  }
}

// Reading and moving about is use, too, and asks the server nothing.
function keepSession() {
  let last = Date.now();
  for (const event of ["pointerdown", "keydown", "wheel"]) {
    window.addEventListener(event, () => {
      if (Date.now() - last < keepEvery) return;
      last = Date.now();
      request("GET", "/api/session").catch(reportError);
    }, { passive: true });
  }
}

/** @param {unknown} error */
function drawFault(error) {
  const main = byID("main");
  if (main.childElementCount > 0) return;
  fill(main, element("div.page", {}, element("h1", {}, "This page cannot be shown"),
    element("p", {}, error instanceof Error ? error.message : String(error)),
    element("p", {}, element("a", { href: "/" }, "Back to the lists"))));
}

/**
 * Draws the header.
 *
 * @param {Session} session
 * @param {Steps|null} steps
 */
export function drawHeader(session, steps) {
  const { target } = session;
  fill(byID("top"),
    element("a.brand", { href: "/" }, "bulkonboard"),
    steps ? stepList(steps) : element("nav", { "aria-label": "Pages" },
      element("ul.steps", {}, pageLink("/", "Lists"), pageLink("/log", "Log"))),
    element("div.who", {},
      element("span.target", { class: target.live ? "is-production" : "", title: target.host }, targetName(target)),
      walletText(target),
      element("span.person", { title: session.user }, session.user),
      linkButton("Sign out", () => void signOut())));
  if (session.held) {
    showBanner("held", "warn", element("span", {}, element("b", {}, "The ledger is in use."),
      session.held.who + " has been running bulkonboard " + session.held.what + " since " + formatTime(session.held.since) + ". You can check and correct lists; planning and sending have to wait."));
  }
}

/**
 * @param {string} path
 * @param {string} text
 */
function pageLink(path, text) {
  return element("li", {}, element("a.step.is-page", { href: path, "aria-current": location.pathname === path ? "page" : undefined }, text));
}

/** @param {Steps} steps */
function stepList(steps) {
  return element("nav", { "aria-label": "Steps" }, element("ol.steps", {}, ...stepNames.map((name, i) => {
    const isDone = i + 1 < steps.now;
    const isNow = i + 1 === steps.now;
    const mark = element("i", { "aria-hidden": "true" }, isDone ? "✓" : String(i + 1));
    const link = steps.links[i];
    const step = link && !isNow ? element("a.step", { href: link }, mark, name) : element("span.step", { "aria-current": isNow ? "step" : undefined }, mark, name);
    if (isDone) step.append(element("span.unseen", {}, " (done)"));
    return element("li", { class: isDone ? "is-done" : "" }, step);
  })));
}

/** @param {Session["target"]} target */
export function targetName(target) {
  if (target.rehearsal) return "Rehearsal · simulated partner";
  return target.live ? "Production · real customers" : "Test · " + target.environment;
}

/** @param {Session["target"]} target */
function walletText(target) {
  if (target.wallet) return element("span.wallet", { title: "Wallet" }, formatMoney(target.wallet, target.currency));
  return element("span.wallet", { title: target.walletProblem || undefined }, "Wallet not known");
}

async function signOut() {
  try {
    await request("DELETE", "/session");
    location.assign("/");
  } catch (error) {
    reportError(error);
  }
}

/**
 * Reports whether the reader has a role.
 *
 * @param {Session} session
 * @param {"prepare"|"approve"|"see"} role
 */
export function hasRole(session, role) {
  return session.roles.includes(role);
}
