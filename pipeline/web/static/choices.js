// @ts-check
import { button, element } from "./dom.js";
import { choicesOf } from "./fields.js";
import { countOf, formatCount } from "./format.js";
import { Refusal } from "./request.js";
import { showToast } from "./notices.js";

/**
 * @typedef {import("./types.js").Kind} Kind
 * @typedef {import("./types.js").Proposal} Proposal
 * @typedef {import("./types.js").Edited} Edited
 * @typedef {import("./listdata.js").ListData} ListData
 */

const shownValues = 8; // of those that can be decided, before "show all"
const leaveOut = "leave-out"; // the choice that no field has

/**
 * Builds what can be decided about a kind of finding.
 *
 * @param {ListData} data
 * @param {Kind|null} kind null for a proposal that no finding belongs to
 * @param {Proposal|undefined} proposal
 * @param {Map<string, string>} chosen what was chosen for each value before it was drawn again
 * @param {boolean} isReadOnly
 * @returns {DocumentFragment}
 */
export function choicePart(data, kind, proposal, chosen, isReadOnly) {
  const part = document.createDocumentFragment();
  const refusal = element("p.notice.is-bad", { hidden: true, role: "alert" });
  if (kind) part.append(element("p", {}, kind.sentence + (kind.group === "decide" && (proposal || kind.values.length > 0) ? "" : " " + kind.whatToDo)));
  if (isReadOnly) return part;
  if (kind && kind.values.length > 0 && kind.group === "decide") {
    part.append(...meaningForm(data, kind, chosen, refusal));
  } else if (proposal) {
    part.append(...proposalForm(data, proposal, refusal));
  } else if (kind?.group === "decide" && data.list.progress !== null) {
    part.append(element("p", {}, "Still looking for a decision that is right for all of them …"));
  } else if (kind?.group === "decide") {
    part.append(element("p", {}, "No single decision is right for all of them. Press F8 in the list to go from one to the next."));
  } else if (kind?.group === "correct") {
    part.append(element("p", {}, "Press F8 in the list to go from one to the next, and Enter to change a cell."));
  }
  part.append(refusal);
  return part;
}

/**
 * @param {ListData} data
 * @param {Kind} kind
 * @param {Map<string, string>} chosen
 * @param {HTMLElement} refusal
 */
function meaningForm(data, kind, chosen, refusal) {
  const isConsent = kind.field === "isTermsOfServiceAccepted";
  const choices = choicesOf(data.list, kind.field);
  /** @type {Map<string, HTMLSelectElement>} */
  const selects = new Map();
  const grid = element("div.meanings");
  const apply = button("", () => void applyMeanings(data, kind, selects, chosen, refusal), "primary small");
  const addValue = (/** @type {Kind["values"][number]} */ value) => {
    const select = /** @type {HTMLSelectElement} */ (element("select.field", { "aria-label": "What “" + value.text + "” means", on: { change: () => choose(value.text, select.value) } },
      element("option", { value: "" }, "decide …"),
      ...choices.map((choice) => element("option", { value: choice.value }, choice.text)),
      element("option", { value: leaveOut }, "Leave out")));
    select.value = chosen.get(value.text) ?? (isConsent ? "" : value.means);
    selects.set(value.text, select);
    grid.append(element("code", { title: value.text }, value.text || "(empty)"), element("span.times", {}, "× " + formatCount(value.cells)), select);
  };
  const label = () => {
    let cells = 0;
    for (const value of kind.values) if (selects.get(value.text)?.value) cells += value.cells;
    apply.textContent = cells > 0 ? "Apply to " + countOf(cells, "cell") : "Apply";
    apply.disabled = cells === 0;
  };
  const choose = (/** @type {string} */ text, /** @type {string} */ meaning) => {
    chosen.set(text, meaning);
    label();
  };
  const isAllShown = kind.values.slice(shownValues).some((value) => chosen.has(value.text));
  const shown = isAllShown ? kind.values.length : shownValues;
  kind.values.slice(0, shown).forEach(addValue);
  label();
  const more = kind.values.slice(shown);
  const showMore = button("Show " + more.length + " more", () => {
    more.forEach(addValue);
    showMore.remove();
    label();
  }, "small");
  const consent = isConsent ? element("p", {}, "Only you can say that these customers accepted. What you decide is kept in the log with your name.") : null;
  return [...(consent ? [consent] : []), grid, element("div.actions", {}, apply, more.length > 0 ? showMore : "")];
}

/**
 * @param {ListData} data
 * @param {Kind} kind
 * @param {Map<string, HTMLSelectElement>} selects
 * @param {Map<string, string>} chosen
 * @param {HTMLElement} refusal
 */
async function applyMeanings(data, kind, selects, chosen, refusal) {
  /** @type {Record<string, string>} */
  const values = {};
  const left = new Set();
  for (const [text, select] of selects) {
    if (select.value === leaveOut) left.add(text);
    else if (select.value) values[text] = select.value;
  }
  await attempt(refusal, async () => {
    // First the rows: once a word is decided, they are no longer in this group.
    if (left.size > 0) {
      const rows = await rowsWithValues(data, kind, left);
      await data.send("POST", "/leave-out", { rows, why: kind.title });
    }
    if (Object.keys(values).length > 0) announce(data, await data.send("POST", "/decisions", { kind: "value", field: kind.field, values }));
    else showToast("Rows left out.");
    chosen.clear();
  });
}

/**
 * Returns the numbers of the rows of a kind whose cell has one of some values.
 *
 * @param {ListData} data
 * @param {Kind} kind
 * @param {Set<string>} values
 */
async function rowsWithValues(data, kind, values) {
  const rows = [];
  const count = 500;
  for (let from = 0, total = 1; from < total; from += count) {
    const { page } = await data.loadRows("kind:" + kind.id, from, count, "");
    total = page.total;
    for (const row of page.rows) {
      const finding = row.findings.find((/** @type {import("./types.js").Finding} */ f) => f.kind === kind.id);
      if (finding && values.has((row.cells[finding.column] ?? "").trim())) rows.push(row.number);
    }
  }
  return rows;
}

/**
 * @param {ListData} data
 * @param {Proposal} proposal
 * @param {HTMLElement} refusal
 */
function proposalForm(data, proposal, refusal) {
  const { kind, field, to, columns } = proposal;
  const examples = element("div.examples", {}, ...proposal.examples.filter((x) => x.before || x.after).map((example) =>
    element("div", {}, element("span", {}, (example.before || "(empty)") + " → "), element("b", {}, example.after))));
  if (proposal.harm) {
    return [element("p", {}, proposal.text), element("p", {}, element("b", {}, proposal.harm), " Correct or leave out one of the two rows first, then this can be decided.")];
  }
  const isRows = kind === "leave-out";
  const apply = button((isRows ? "Leave out " : "Apply to ") + countOf(proposal.settled, isRows ? "row" : "cell"), () => void attempt(refusal, async () => {
    announce(data, await data.send("POST", "/decisions", { kind, field, to, columns }));
  }), "primary small");
  return [element("p", {}, proposal.text), ...(examples.childElementCount > 0 ? [examples] : []), element("div.actions", {}, apply)];
}

/**
 * Runs a change and shows why it was refused.
 *
 * @param {HTMLElement} refusal
 * @param {() => Promise<void>} change
 */
async function attempt(refusal, change) {
  refusal.hidden = true;
  try {
    await change();
  } catch (error) {
    if (!(error instanceof Refusal)) return;
    refusal.textContent = [error.message, error.whatToDo].filter(Boolean).join(" ");
    refusal.hidden = false;
  }
}

/**
 * Says what a change did, with its undo.
 *
 * @param {ListData} data
 * @param {Edited} edited
 */
export function announce(data, edited) {
  const { change } = edited;
  const text = describeChange(change, change.cells);
  showToast(text.charAt(0).toUpperCase() + text.slice(1) + ".", {
    text: "Undo",
    run: () => void data.undo(change).catch((error) => data.refuse(error)),
  });
}

/**
 * Says what a change did: "93 cells decided".
 *
 * @param {import("./types.js").Change} change
 * @param {number} cells or rows
 */
export function describeChange(change, cells) {
  switch (change.kind) {
    case "cells": return countOf(cells, "cell") + " changed";
    case "decision": return change.text.startsWith("leave-out") ? countOf(cells, "row") + " left out" : countOf(cells, "cell") + " decided";
    case "leave-out": return change.text;
    case "settings": return "other settings of the list";
    default: return change.text || change.kind;
  }
}
