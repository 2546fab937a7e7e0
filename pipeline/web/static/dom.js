// @ts-check

// Values are only ever set as text, as attributes or as listeners, never as markup.

/**
 * Builds an element. A name such as "p.soft.nowrap" brings its classes along.
 * Of the properties, "on" has listeners, "class" adds classes, true and false add
 * and omit a boolean attribute, and everything else is an attribute.
 *
 * @param {string} name
 * @param {Record<string, any>} [properties]
 * @param {...(Node|string|number|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function element(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  if (classes.length > 0) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (key === "class") {
      node.classList.add(...String(value).split(" ").filter(Boolean));
    } else {
      node.setAttribute(key, value === true ? "" : String(value));
    }
  }
  append(node, children);
  return node;
}

/**
 * Replaces what an element holds.
 *
 * @param {Element} parent
 * @param {...(Node|string|number|null|undefined|false)} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * @param {Element} parent
 * @param {(Node|string|number|null|undefined|false)[]} children
 */
function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(typeof child === "number" ? String(child) : child);
  }
}

/**
 * Builds a button.
 *
 * @param {string} text
 * @param {(event: MouseEvent) => void} onClick
 * @param {string} [classes] "primary", "small", "danger"
 * @returns {HTMLButtonElement}
 */
export function button(text, onClick, classes = "") {
  return /** @type {HTMLButtonElement} */ (element("button.button", { type: "button", class: classes, on: { click: onClick } }, text));
}

/**
 * Builds a button that looks like a link.
 *
 * @param {string} text
 * @param {(event: MouseEvent) => void} onClick
 * @returns {HTMLButtonElement}
 */
export function linkButton(text, onClick) {
  return /** @type {HTMLButtonElement} */ (element("button.link", { type: "button", on: { click: onClick } }, text));
}

/**
 * Returns the element of the page with an ID. The page has it.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byID(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error("the page has no element " + id);
  return node;
}

/**
 * Builds a list of facts: names and what they are.
 *
 * @param {[string, Node|string|number|null|undefined|false][]} facts those without a value are left out
 * @returns {HTMLElement}
 */
export function factList(facts) {
  const list = element("dl.facts");
  for (const [name, value] of facts) {
    if (value === null || value === undefined || value === false || value === "") continue;
    list.append(element("dt", {}, name), element("dd", {}, value));
  }
  return list;
}

/**
 * Builds a table.
 *
 * @param {(string|{text: string, isNumber?: boolean})[]} headings
 * @param {(Node|string|number|null|undefined)[][]} rows
 * @param {{caption?: string, classes?: string}} [options]
 * @returns {HTMLElement}
 */
export function table(headings, rows, options = {}) {
  const isNumber = headings.map((heading) => typeof heading !== "string" && heading.isNumber === true);
  const head = element("tr", {}, ...headings.map((heading, i) =>
    element("th", { scope: "col", class: isNumber[i] ? "number" : "" }, typeof heading === "string" ? heading : heading.text)));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell, i) =>
    element(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : undefined, class: isNumber[i] ? "number" : "" }, cell))));
  return element("div.scrolls", {}, element("table", { class: options.classes ?? "" },
    options.caption ? element("caption.unseen", {}, options.caption) : null,
    element("thead", {}, head), element("tbody", {}, ...body)));
}

/**
 * Builds a titled panel.
 *
 * @param {string} title
 * @param {Node|string|null} aside beside the title
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function panel(title, aside, ...children) {
  return element("section.panel", {},
    element("header", {}, element("h2", {}, title), aside ? element("span.soft", {}, aside) : null),
    ...children);
}

/**
 * Builds a notice with a sentence in bold and what to do.
 *
 * @param {"good"|"warn"|"bad"} gravity
 * @param {string} sentence
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function notice(gravity, sentence, ...children) {
  return element("div.notice", { class: "is-" + gravity, role: gravity === "bad" ? "alert" : undefined },
    element("b", {}, sentence), ...children.map((child) => (typeof child === "string" ? element("p", {}, child) : child)));
}
