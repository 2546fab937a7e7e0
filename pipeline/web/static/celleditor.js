// @ts-check
import { element } from "./dom.js";

/** The input over a cell of the grid while its value is changed. */
export class CellEditor {
  /**
   * @param {HTMLElement} layer that scrolls with the rows
   * @param {{onCommit: (value: string, columns: number|null) => void, onCancel: () => void}} events
   */
  constructor(layer, events) {
    this.layer = layer;
    this.events = events;
    /** @type {HTMLInputElement|null} */
    this.input = null;
  }

  /** @param {{top: number, left: number, width: number, label: string, value: string}} place */
  open(place) {
    this.close();
    const input = /** @type {HTMLInputElement} */ (element("input.editor", { type: "text", "aria-label": place.label, autocomplete: "off", spellcheck: "false" }));
    input.style.top = place.top + "px";
    input.style.left = place.left + "px";
    input.style.width = Math.max(place.width, 180) + "px";
    input.value = place.value;
    input.addEventListener("keydown", (event) => this.handleKey(event));
    input.addEventListener("blur", () => this.commit(null));
    this.input = input;
    this.layer.append(input);
    input.focus();
    input.select();
  }

  /** @param {KeyboardEvent} event */
  handleKey(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    switch (event.key) {
      case "Enter":
        event.preventDefault();
        this.commit(0);
        break;
      case "Tab":
        event.preventDefault();
        this.commit(event.shiftKey ? -1 : 1);
        break;
      case "Escape":
        event.preventDefault();
        this.close();
        this.events.onCancel();
        break;
    }
  }

  /** @param {number|null} columns how far the selection goes to the right, null if the focus went elsewhere */
  commit(columns) {
    const value = this.input?.value;
    if (value === undefined) return;
    this.close();
    this.events.onCommit(value, columns);
  }

  close() {
    const input = this.input;
    this.input = null; // first: removing it makes it lose the focus
    input?.remove();
  }
}
