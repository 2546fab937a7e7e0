// @ts-check
import { button, element, fill, linkButton } from "./dom.js";
import { countOf, formatCount, formatMoney, multiplyMoney } from "./format.js";
import { downloadButton, showCommand } from "./notices.js";
import { request } from "./request.js";

/** The foot of "Check & fix": a sum that adds up, what it costs so far, and the way on. */
export class SumFoot {
  /**
   * @param {HTMLElement} place
   * @param {import("./listdata.js").ListData} data
   * @param {{isReadOnly: boolean, onPlan: () => void}} options
   */
  constructor(place, data, options) {
    this.data = data;
    this.ready = element("i");
    this.aside = element("i");
    this.sum = element("div.sum", { "aria-live": "polite" });
    this.cost = element("div.cost", { hidden: true });
    this.marked = downloadButton("Download marked workbook", () => data.path + "/marked.xlsx");
    this.marked.hidden = options.isReadOnly;
    this.plan = button("", options.onPlan);
    this.plan.hidden = options.isReadOnly;
    this.price = { fee: "", wallet: "", currency: "" };
    fill(place, element("div.meter", { "aria-hidden": "true" }, this.ready, this.aside), this.sum, this.cost,
      element("div.actions", {}, linkButton("Show as command", () => void showCommand(data.list.command)), this.marked, this.plan));
    if (!options.isReadOnly) void this.askPrice();
  }

  // The fee and the wallet are those of a plan that is shown and not submitted.
  async askPrice() {
    try {
      if (this.data.list.state === "checking") await this.data.waitUntilChecked();
      const headers = { "If-Match": '"' + this.data.list.revision + '"' };
      const { body } = await request("POST", this.data.path + "/plans", { body: { save: false }, headers });
      this.price = { fee: body.fee, wallet: body.wallet, currency: body.currency };
      this.draw();
    } catch {
      this.price = { fee: "", wallet: "", currency: "" }; // the plan says why
    }
  }

  draw() {
    const { counts, state, progress } = this.data.list;
    const { rows, ready, toCorrect, repeats, leftOut } = counts;
    this.ready.style.width = rows > 0 ? (100 * ready) / rows + "%" : "0";
    this.aside.style.width = rows > 0 ? (100 * (repeats + leftOut)) / rows + "%" : "0";
    if (state === "checking") {
      const done = progress ? formatCount(progress.rows) + (progress.total > 0 ? " of " + formatCount(progress.total) : "") + " rows" : "";
      fill(this.sum, element("span.state.is-busy", {}, "Checking " + done + (progress && progress.perSecond > 0 ? ", " + formatCount(Math.round(progress.perSecond)) + " rows/s" : "")));
    } else {
      const parts = [[ready, "ready"], [toCorrect, "to correct"], [repeats, repeats === 1 ? "repeat" : "repeats"], [leftOut, "left out"]].filter(([n, text]) => n !== 0 || text === "ready" || text === "to correct");
      fill(this.sum, ...parts.flatMap(([n, text], i) => [i > 0 ? " · " : "", element("b", {}, formatCount(/** @type {number} */ (n))), " " + text]),
        " = ", element("b", {}, formatCount(rows)));
    }
    const { fee, wallet, currency } = this.price;
    this.cost.hidden = fee === "";
    if (fee !== "") {
      fill(this.cost, formatCount(ready) + " × " + formatMoney(fee) + " = " + formatMoney(multiplyMoney(fee, ready), currency),
        wallet ? element("span.of", {}, " of " + formatMoney(wallet, currency)) : null);
    }
    const isDone = toCorrect === 0 && state === "checked";
    this.plan.textContent = isDone ? "Plan " + countOf(ready, "row") : "Plan the " + formatCount(ready) + " ready " + (ready === 1 ? "row" : "rows");
    this.plan.disabled = state !== "checked" || ready === 0;
    this.plan.classList.toggle("primary", isDone);
    this.marked.classList.toggle("primary", !isDone);
  }
}
