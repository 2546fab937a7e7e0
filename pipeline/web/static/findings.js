// @ts-check
import { element, fill } from "./dom.js";
import { choicePart } from "./choices.js";
import { countOf, formatCount, formatTime } from "./format.js";
import { fieldLabel } from "./fields.js";

/**
 * @typedef {import("./types.js").Kind} Kind
 * @typedef {import("./types.js").Proposal} Proposal
 * @typedef {import("./types.js").List} List
 */

/** @type {Record<string, {kind: string, to: string}>} what can settle all findings of a code */
const decisionsByCode = {
  phone_no_country: { kind: "phone-region", to: "" },
  phone_plus_lost: { kind: "phone-plus", to: "" },
  phone_ambiguous: { kind: "phone-plus", to: "" },
  no_customer: { kind: "leave-out", to: "no-customer" },
  struck_out_row: { kind: "leave-out", to: "struck-out" },
};

/**
 * Returns the one among proposals that settles a kind of finding.
 *
 * @param {Proposal[]} proposals
 * @param {Kind} kind
 * @returns {Proposal|undefined}
 */
function proposalFor(proposals, kind) {
  const wanted = decisionsByCode[kind.code];
  return wanted && proposals.find((p) => p.kind === wanted.kind && (wanted.to === "" || p.to === wanted.to));
}

/** The list on the left: everything that was found, grouped by what can be done about it. */
export class FindingList {
  /**
   * @param {HTMLElement} place
   * @param {import("./listdata.js").ListData} data
   * @param {{isReadOnly: boolean, onOpen: (kind: Kind|null) => void}} options
   */
  constructor(place, data, options) {
    this.place = place;
    this.data = data;
    this.options = options;
    this.openID = "";
    this.drawn = "";
    /** @type {Map<string, string>} what was chosen in the open card and is not applied yet */
    this.chosen = new Map();
  }

  draw() {
    const { list } = this.data;
    const drawn = JSON.stringify([list.kinds, list.proposals, list.withheld, list.decisions, this.openID, list.state, list.progress === null]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const focused = focusedIn(this.place);
    const decide = list.kinds.filter((kind) => kind.group === "decide");
    const correct = list.kinds.filter((kind) => kind.group === "correct");
    const look = list.kinds.filter((kind) => kind.group === "look");
    const repeat = list.kinds.filter((kind) => kind.group === "repeat");
    const joins = list.proposals.filter((proposal) => proposal.kind === "join");
    fill(this.place,
      this.section("Decide once", countOf(decide.length + joins.length, "decision") + ", " + countOf(cellsOf(decide), "cell"),
        [...decide.map((kind) => this.card(kind)), ...joins.map((proposal) => this.joinCard(proposal)), ...this.settledCards()]),
      this.section("Correct one by one", countOf(cellsOf(correct), "cell"), correct.map((kind) => this.card(kind))),
      this.section("Have a look", "sent as they are", look.map((kind) => this.card(kind))),
      this.section("Repeat", "never sent twice", repeat.map((kind) => this.card(kind))));
    if (list.unlisted > 0) {
      this.place.prepend(element("p.notice.is-warn", {}, formatCount(list.unlisted) + " further findings are counted here, but not marked in cells. Decide once first: that settles most of them."));
    }
    if (list.kinds.length === 0 && list.state === "checked") {
      this.place.prepend(element("p.notice.is-good", {}, element("b", {}, "Nothing to correct."), "All rows are ready."));
    }
    if (focused) /** @type {HTMLElement|null} */ (this.place.querySelector(focused))?.focus();
  }

  /**
   * @param {string} title
   * @param {string} aside
   * @param {Node[]} cards
   */
  section(title, aside, cards) {
    if (cards.length === 0) return null;
    return element("section", { "aria-label": title },
      element("header", {}, element("h2", {}, title), element("span", {}, aside)), element("div.cards", {}, ...cards));
  }

  /** @param {Kind} kind */
  card(kind) {
    return this.foldingCard(kind.id, kind.cells, titleOf(kind), exampleOf(kind), kind.warning || kind.group === "repeat" ? "is-warn" : "",
      () => choicePart(this.data, kind, this.proposalOf(kind), this.chosen, this.options.isReadOnly),
      () => this.open(this.openID === kind.id ? null : kind));
  }

  // A decision that would do harm is shown with what has to be done first.
  /** @param {Kind} kind */
  proposalOf(kind) {
    const { proposals, withheld } = this.data.list;
    return proposalFor(proposals, kind) ?? proposalFor(withheld ?? [], kind);
  }

  /** @param {Proposal} proposal */
  joinCard(proposal) {
    const id = "join:" + proposal.field;
    return this.foldingCard(id, proposal.settled, "Two columns, one field", proposal.columns.join(" + "), "is-warn",
      () => choicePart(this.data, null, proposal, this.chosen, this.options.isReadOnly),
      () => {
        this.setOpen(this.openID === id ? "" : id);
        this.draw();
      });
  }

  /**
   * @param {string} id
   * @param {number} count
   * @param {string} title
   * @param {string} example
   * @param {string} look
   * @param {() => Node} content
   * @param {() => void} onToggle
   */
  foldingCard(id, count, title, example, look, content, onToggle) {
    const isOpen = this.openID === id;
    return element("div.card", { class: look + (isOpen ? " is-open" : "") },
      element("button", { type: "button", "aria-expanded": String(isOpen), "data-card": id, on: { click: onToggle } },
        element("span.count", {}, formatCount(count)), element("span.name", {}, title), element("span.fold", { "aria-hidden": "true" }),
        element("span.example", { title: example }, example)),
      isOpen ? element("div.choice", {}, content()) : null);
  }

  // What was decided together is one card, as it is undone together.
  settledCards() {
    /** @type {Map<number, import("./types.js").Decision[]>} */
    const together = new Map();
    for (const decision of this.data.list.decisions) together.set(decision.id, [...(together.get(decision.id) ?? []), decision]);
    return [...together.entries()].map(([id, decisions]) => this.settledCard(id, decisions));
  }

  /**
   * @param {number} id
   * @param {import("./types.js").Decision[]} decisions
   */
  settledCard(id, decisions) {
    const [first] = decisions;
    const change = this.data.list.changes.find((c) => c.id === id && !c.undone);
    const heading = this.data.list.columns.find((c) => c.field === first.field)?.heading ?? "";
    const isMixed = decisions.some((d) => d.kind !== first.kind || d.field !== first.field); // of a kept mapping
    const name = decisions.length === 1 ? first.text : isMixed ? "Kept mapping: " + countOf(decisions.length, "decision") : heading + ": " + countOf(decisions.length, "meaning");
    const meanings = isMixed ? decisions.map((d) => d.text).join(" ") : decisions.map((d) => d.from + " → " + d.to).join(", ");
    const by = first.by + ", " + formatTime(first.at);
    const canUndo = change !== undefined && !this.options.isReadOnly;
    return element("div.card.is-settled", {}, element("button", {
      type: "button", disabled: !canUndo, title: canUndo ? "Undo this decision" : "", "data-card": "settled:" + id,
      on: { click: () => change && void this.data.undo(change).catch((error) => this.data.refuse(error)) },
    }, element("span.count", { "aria-label": "decided" }, "✓"), element("span.name", {}, name), element("span"),
    element("span.example", {}, (decisions.length > 1 ? meanings + " · " : "") + by, canUndo ? " · " : null, canUndo ? element("span.undo", {}, "undo") : null)));
  }

  /** @param {string} id of a card, "" for none */
  setOpen(id) {
    if (id !== this.openID) this.chosen = new Map();
    this.openID = id;
  }

  /** @param {Kind|null} kind */
  open(kind) {
    this.setOpen(kind?.id ?? "");
    this.options.onOpen(kind);
    this.draw();
  }

  /**
   * Opens a card and brings it into sight.
   *
   * @param {Kind} kind
   */
  reveal(kind) {
    this.setOpen(kind.id);
    this.draw();
    const card = this.place.querySelector('[data-card="' + CSS.escape(kind.id) + '"]');
    card?.scrollIntoView({ block: "nearest" });
    const first = card?.parentElement?.querySelector(".choice select, .choice button");
    if (first instanceof HTMLElement) first.focus();
  }
}

/**
 * Returns a selector for the control that has the focus, "" if it is elsewhere.
 *
 * @param {HTMLElement} place
 */
function focusedIn(place) {
  const focused = document.activeElement;
  if (!(focused instanceof HTMLElement) || !place.contains(focused)) return "";
  if (focused.dataset.card) return '[data-card="' + CSS.escape(focused.dataset.card) + '"]';
  return focused.ariaLabel ? '[aria-label="' + CSS.escape(focused.ariaLabel) + '"]' : "";
}

/** @param {Kind[]} kinds */
function cellsOf(kinds) {
  return kinds.reduce((sum, kind) => sum + kind.cells, 0);
}

/** @param {Kind} kind */
export function titleOf(kind) {
  const subject = kind.heading || (kind.field ? fieldLabel(kind.field) : "");
  return subject ? subject + ": " + kind.title : kind.title.charAt(0).toUpperCase() + kind.title.slice(1);
}

/** @param {Kind} kind */
function exampleOf(kind) {
  if (kind.values.length === 0) return kind.sentence;
  const shown = kind.values.slice(0, 3).map((value) => "“" + (value.text || "empty") + "”").join(", ");
  return shown + (kind.values.length > 3 ? " …" : "");
}
