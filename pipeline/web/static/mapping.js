// @ts-check
import { button, element, linkButton } from "./dom.js";
import { fieldLabel } from "./fields.js";
import { countOf, formatTime } from "./format.js";
import { askUser, hideBanner, reportError, showBanner, showToast } from "./notices.js";
import { request } from "./request.js";

/**
 * @typedef {import("./types.js").List} List
 * @typedef {import("./types.js").OfferedMapping} OfferedMapping
 * @typedef {import("./listdata.js").ListData} ListData
 */

/**
 * Offers the mapping that was kept of an earlier list with the same headings. Nothing
 * of it is used unasked.
 *
 * @param {ListData} data
 * @param {boolean} isReadOnly
 * @param {() => void} onDismiss
 */
export function offerMapping(data, isReadOnly, onDismiss) {
  const { offered } = data.list;
  hideBanner("mapping");
  if (!offered || isReadOnly) return;
  showBanner("mapping", "note",
    element("span", {}, element("b", {}, "A list with these headings was dropped before."), "Its mapping was kept from " + offered.name + ": " + summarize(offered) + "."),
    button("Look at it", () => void askToUse(data, offered), "small"), linkButton("Not for this list", onDismiss));
}

/** @param {OfferedMapping} offered */
function summarize(offered) {
  const columns = Object.keys(offered.columns).length + (offered.id ? 1 : 0);
  const defaults = Object.keys(offered.defaults).length;
  const parts = [[columns, "column"], [defaults, "default value"], [offered.decisions.length, "decision"]].filter(([n]) => n !== 0);
  return parts.map(([n, noun]) => countOf(/** @type {number} */ (n), /** @type {string} */ (noun))).join(", ");
}

/**
 * @param {ListData} data
 * @param {OfferedMapping} offered
 */
async function askToUse(data, offered) {
  const line = (/** @type {string} */ text, aside = "") => element("li", {}, text, aside ? element("span.soft", {}, " " + aside) : null);
  const choice = await askUser("Read this list as " + offered.name + " was read?", [
    element("ul.history", { tabindex: 0, "aria-label": "What would change" },
      ...Object.entries(offered.columns).map(([field, heading]) => line("“" + heading + "” is read as " + fieldLabel(field) + ".")),
      offered.id ? line("“" + offered.id + "” is your customer number.") : null,
      ...Object.entries(offered.defaults).map(([field, value]) => line("Where " + fieldLabel(field) + " is empty, " + value + " is sent.")),
      ...offered.decisions.map((decision) => line(decision.text, "decided by " + decision.by + ", " + formatTime(decision.at)))),
    offered.decisions.length > 0 ? "The decisions hold for every row of this list, and bear your name. You can undo them." : "You can undo this.",
  ], [{ text: "Not now", value: "" }, { text: "Use it", value: "use", classes: "primary" }]);
  if (choice === "use") await data.useMapping().catch(reportError);
}

/**
 * Builds the button that keeps the mapping of a list.
 *
 * @param {ListData} data
 */
export function keepButton(data) {
  const keep = button("Keep this mapping", async () => {
    keep.disabled = true;
    try {
      const headers = { "If-Match": '"' + data.list.revision + '"' };
      const { body } = await request("POST", data.path + "/keep-mapping", { headers });
      await explainKept(body);
    } catch (error) {
      reportError(error);
    } finally {
      keep.disabled = false;
    }
  });
  keep.title = "Keeps columns, default values and decisions for the next list with these headings";
  return keep;
}

/** @param {import("./types.js").KeptMapping} kept */
async function explainKept(kept) {
  const choice = await askUser("The mapping is kept", [
    "When a list with the same headings is dropped, it is offered this mapping: columns, default values and decisions.",
    element("p.soft", {}, "The same from a command line, which reads the mapping from its file:"),
    element("pre", { tabindex: 0, id: "command" }, kept.command),
  ], [{ text: "Close", value: "" }, { text: "Copy the command", value: "copy", classes: "primary" }]);
  if (choice !== "copy") return;
  await navigator.clipboard.writeText(kept.command);
  showToast("The command was copied.");
}
