// @ts-check
import { CheckScreen } from "./checkscreen.js";
import { drawColumnsScreen } from "./columnsscreen.js";
import { button, byID, element, fill } from "./dom.js";
import { drawFileScreen } from "./filescreen.js";
import { formatCount } from "./format.js";
import { ListData } from "./listdata.js";
import { offerMapping } from "./mapping.js";
import { hideBanner, hideToast, reportError, showBanner } from "./notices.js";
import { drawPlanDraft } from "./plandraft.js";
import { getJSON } from "./request.js";
import { drawHeader, hasRole, startPage } from "./shell.js";

/** @typedef {import("./types.js").List} List */

const screens = ["file", "columns", "check", "plan"];

void startPage(async (session) => {
  const id = document.body.dataset.id ?? "";
  const list = /** @type {List} */ (await getJSON("/api/lists/" + encodeURIComponent(id)));
  const data = new ListData(list);
  const isReadOnly = !list.mine || !hasRole(session, "prepare");
  const maySeeRows = hasRole(session, "prepare") || hasRole(session, "approve");
  if (!list.mine) {
    showBanner("owner", "warn", element("span", {}, element("b", {}, "Read only."), list.owner + " has this list in hand."));
  }
  const main = byID("main");
  /** @type {CheckScreen|null} */
  let check = null;
  let shown = "";
  let drawn = "";
  let isOfferDismissed = false;

  const draw = (isNew = false) => {
    const screen = maySeeRows ? chooseScreen(data.list) : "file";
    drawHeader(session, { now: screens.indexOf(screen) + 1, links: stepLinks(data.list) });
    document.title = data.list.name + " · bulkonboard";
    document.body.classList.toggle("is-grid", screen === "check");
    if (data.list.state === "failed" && data.list.refusal) {
      const canHelp = data.list.refusal.code === "failed" && !isReadOnly; // as a full disk that has room again
      showBanner("failed", "bad", element("span", {}, element("b", {}, data.list.refusal.sentence), data.list.refusal.whatToDo),
        ...canHelp ? [button("Check again", () => void data.settle({}).catch(reportError), "small")] : []);
    } else {
      hideBanner("failed");
    }
    if (isOfferDismissed || screen === "plan") hideBanner("mapping");
    else offerMapping(data, isReadOnly, () => {
      isOfferDismissed = true;
      hideBanner("mapping");
    });
    const state = JSON.stringify([data.list.revision, data.list.state, data.list.settings, data.list.refusal]);
    if (screen === shown && !isNew && (screen === "check" || screen === "plan" || state === drawn)) {
      if (screen === "plan") warnOutdated(state !== drawn);
      return;
    }
    shown = screen;
    drawn = state;
    check?.close();
    check = null;
    const options = { isReadOnly, onPlan: () => (location.hash = "plan") };
    if (screen === "file") drawFileScreen(main, data, { isReadOnly, next: "#columns" });
    else if (screen === "columns") drawColumnsScreen(main, data, { isReadOnly, next: "#check" });
    else if (screen === "plan") void drawPlanDraft(main, data, isReadOnly).catch(reportError);
    else if (data.list.state === "checking" && data.list.counts.rows === 0) drawChecking(main, data.list, () => (shown = ""));
    else check = new CheckScreen(main, data, options);
  };
  window.addEventListener("hashchange", () => {
    hideToast();
    draw(true);
  });
  // Another session may have changed the list meanwhile.
  window.addEventListener("focus", () => void data.reload().catch(reportError));
  data.addEventListener("change", () => draw());
  data.addEventListener("refused", (event) => {
    if (shown !== "check") reportError(/** @type {CustomEvent} */ (event).detail);
  });
  draw(true);
});

/**
 * Returns the screen to show: the one of the address, unless the list has a question
 * that comes before it.
 *
 * @param {List} list
 */
function chooseScreen(list) {
  const wanted = location.hash.slice(1);
  if (list.state === "unsettled" || list.state === "failed") {
    if (wanted === "file" || wanted === "columns") return wanted;
    return list.missing.length + list.unclear.length > 0 && list.columns.length > 0 && list.readings.length === 0 ? "columns" : "file";
  }
  return screens.includes(wanted) ? wanted : "check";
}

/** @param {List} list */
function stepLinks(list) {
  const isRead = list.state === "checked" || list.state === "checking";
  const plan = list.plan ? "/plans/" + list.plan : null;
  return ["#file", list.columns.length > 0 ? "#columns" : null, isRead ? "#check" : null, isRead && list.counts.ready > 0 ? "#plan" : null, plan, null, null];
}

/**
 * @param {HTMLElement} main
 * @param {List} list
 * @param {() => void} again
 */
function drawChecking(main, list, again) {
  const { progress } = list;
  document.body.classList.remove("is-grid");
  const bar = /** @type {HTMLProgressElement} */ (element("progress", { max: progress?.total || 1, "aria-label": "Check" }));
  if (progress && progress.total > 0) bar.value = progress.rows;
  fill(main, element("div.page", {}, element("h1", {}, "Checking " + list.name),
    element("p.soft.figures", { role: "status" }, progress ? formatCount(progress.rows) + " rows" + (progress.perSecond > 0 ? ", " + formatCount(Math.round(progress.perSecond)) + " rows/s" : "") : "Reading the file …"), bar));
  again();
}

/** @param {boolean} isOutdated */
function warnOutdated(isOutdated) {
  if (!isOutdated) return;
  showBanner("outdated", "warn", element("span", {}, element("b", {}, "The list has changed."), "Load the page again for the figures of the list as it is now."));
}
