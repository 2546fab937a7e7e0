// @ts-check
import { element } from "./dom.js";

/** @type {Record<import("./types.js").PlanSummary["state"], [string, string]>} */
const planStates = {
  waiting: ["is-busy", "Waiting for approval"],
  approved: ["is-good", "Approved"],
  declined: ["is-bad", "Declined"],
  expired: ["is-warn", "Expired"],
  stale: ["is-warn", "No longer valid"],
  running: ["is-busy", "Being sent"],
  used: ["is-good", "Carried out"],
  void: ["is-bad", "Void"],
};

/** @param {import("./types.js").PlanSummary} plan */
export function planState(plan) {
  const [look, text] = planStates[plan.state];
  return element("span.state", { class: look }, text);
}

/** @type {Record<import("./types.js").Run["state"], [string, string]>} */
const runStates = {
  starting: ["is-busy", "Starting"],
  sending: ["is-busy", "Sending"],
  waiting: ["is-warn", "Waiting"],
  stopping: ["is-busy", "Stopping"],
  finished: ["is-good", "Finished"],
  stopped: ["is-warn", "Stopped"],
};

/** @param {import("./types.js").Run} run */
export function runState(run) {
  const [look, text] = runStates[run.state];
  return element("span.state", { class: look }, text);
}
