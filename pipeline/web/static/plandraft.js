// @ts-check
import { button, element, fill, linkButton, notice, panel } from "./dom.js";
import { countOf, formatMoney } from "./format.js";
import { showCommand } from "./notices.js";
import { blockedNotice, overlapNotice, planFigures, walletNotice, warningNotice } from "./planfigures.js";
import { Refusal, request } from "./request.js";

/**
 * @typedef {import("./types.js").Plan} Plan
 * @typedef {import("./listdata.js").ListData} ListData
 */

const canaryRows = 5;

/**
 * Draws the screen "Plan": what would be sent and what it costs. Nothing is submitted
 * before the button is pressed.
 *
 * @param {HTMLElement} place
 * @param {ListData} data
 * @param {boolean} isReadOnly
 */
export async function drawPlanDraft(place, data, isReadOnly) {
  fill(place, element("div.page", {}, element("h1", {}, "Plan for " + data.list.name), element("p.soft", { role: "status" }, "Computing the plan …")));
  /** @type {{fee?: string, limit?: number, funded?: boolean}} */
  const order = {};
  const redraw = async () => {
    try {
      if (data.list.state === "checking") await data.waitUntilChecked();
      drawPlan(place, data, await askPlan(data, { ...order, save: false }), order, redraw, isReadOnly);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      fill(place, element("div.page", {}, element("h1", {}, "Plan for " + data.list.name),
        notice("bad", error.message, error.whatToDo || null),
        element("div.actions", {}, button("Try again", () => void redraw()), element("a.button", { href: "#check" }, "Back to the list"))));
    }
  };
  await redraw();
}

/**
 * @param {ListData} data
 * @param {Record<string, any>} order
 * @returns {Promise<Plan>}
 */
async function askPlan(data, order) {
  const headers = { "If-Match": '"' + data.list.revision + '"' };
  return (await request("POST", data.path + "/plans", { body: order, headers })).body;
}

/**
 * @param {HTMLElement} place
 * @param {ListData} data
 * @param {Plan} plan
 * @param {{fee?: string, limit?: number, funded?: boolean}} order
 * @param {() => Promise<void>} redraw
 * @param {boolean} isReadOnly
 */
function drawPlan(place, data, plan, order, redraw, isReadOnly) {
  const refusal = element("div");
  const submit = button("Submit for approval: " + countOf(plan.send, "row"), () => void submitPlan(data, order, refusal, submit), "primary");
  submit.disabled = plan.blocked !== null || plan.send === 0;
  submit.hidden = isReadOnly;
  fill(place, element("div.page", {},
    element("div.title", {}, element("h1", {}, "Plan for " + plan.name), element("span.local", {}, "Nothing is sent before a plan is approved.")),
    plan.send === 0 ? notice("warn", "There is nothing to send.", "Every row was created earlier, is left out or has to be corrected.") : blockedNotice(plan),
    walletNotice(plan), overlapNotice(plan), warningNotice(plan.warnings),
    isReadOnly ? null : optionPanel(plan, order, redraw),
    ...planFigures(plan, data.list.counts.rows), refusal,
    element("div.actions", {}, submit, element("a.button", { href: "#check" }, "Back to the list"),
      plan.command ? linkButton("Show as command", () => void showCommand(plan.command)) : null)));
}

/**
 * @param {Plan} plan
 * @param {{fee?: string, limit?: number, funded?: boolean}} order
 * @param {() => Promise<void>} redraw
 */
function optionPanel(plan, order, redraw) {
  const options = [];
  const check = (/** @type {string} */ text, /** @type {boolean} */ isOn, /** @type {(isOn: boolean) => void} */ set) => {
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", checked: isOn, on: { change: () => {
      set(box.checked);
      void redraw();
    } } }));
    return element("p", {}, element("label", {}, box, " " + text));
  };
  options.push(check("Only the first " + canaryRows + " rows, to see that everything is right. The others stay ready.", order.limit === canaryRows, (isOn) => (order.limit = isOn ? canaryRows : undefined)));
  if (plan.shortfall || order.funded) {
    options.push(check(plan.covers >= 0 ? "Send what the wallet covers: " + countOf(plan.covers, "row") + "." : "Send what the wallet covers.", order.funded === true, (isOn) => (order.funded = isOn || undefined)));
  }
  if (plan.fee === "" || order.fee !== undefined) {
    const fee = /** @type {HTMLInputElement} */ (element("input.field", { id: "fee", type: "text", inputmode: "decimal", value: order.fee ?? "", on: { change: () => {
      order.fee = fee.value.trim().replace(",", ".") || undefined;
      void redraw();
    } } }));
    options.push(element("p", {}, element("label.label", { for: "fee" }, "The fee is not known. The most that one user may cost" + (plan.currency ? ", in " + plan.currency : "")), fee,
      plan.fee ? " " + formatMoney(plan.fee, plan.currency) : ""));
  }
  return panel("Choices", null, element("div.inside", {}, ...options));
}

/**
 * @param {ListData} data
 * @param {Record<string, any>} order
 * @param {HTMLElement} refusal
 * @param {HTMLButtonElement} submit
 */
async function submitPlan(data, order, refusal, submit) {
  submit.disabled = true;
  try {
    const plan = await askPlan(data, { ...order, save: true });
    location.assign("/plans/" + plan.id);
  } catch (error) {
    submit.disabled = false;
    if (!(error instanceof Refusal)) return;
    fill(refusal, notice("bad", error.message, error.whatToDo || null));
  }
}
