// @ts-check
import { button, element, fill, linkButton } from "./dom.js";
import { Refusal, ServerGone, connection, downloadFile, request } from "./request.js";

/** @type {HTMLElement|null} */
let toast = null;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let toastTimer;

/**
 * Says for some seconds what has happened.
 *
 * @param {string} sentence
 * @param {{text: string, run: () => void}} [action] such as Undo
 */
export function showToast(sentence, action) {
  hideToast();
  const shown = element("div.toast", {}, element("span", {}, sentence));
  if (action) {
    shown.append(linkButton(action.text, () => {
      hideToast();
      action.run();
    }));
  }
  toast = shown;
  toastPlace().append(shown);
  toastTimer = setTimeout(hideToast, action ? 12000 : 6000);
}

export function hideToast() {
  clearTimeout(toastTimer);
  toast?.remove();
  toast = null;
}

// Screen readers announce only what changes in a place that was there before.
function toastPlace() {
  let place = document.getElementById("toasts");
  if (!place) {
    place = element("div", { id: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  return place;
}

/**
 * Shows a banner under the header. Another one of the same kind is replaced.
 *
 * @param {string} kind
 * @param {"note"|"warn"|"bad"} gravity
 * @param {...(Node|string)} content
 */
export function showBanner(kind, gravity, ...content) {
  hideBanner(kind);
  const place = document.getElementById("banners");
  place?.append(element("div.banner", { class: "is-" + gravity, "data-kind": kind, role: gravity === "note" ? "status" : "alert" }, ...content));
}

/** @param {string} kind */
export function hideBanner(kind) {
  for (const banner of document.querySelectorAll("#banners [data-kind]")) {
    if (banner instanceof HTMLElement && banner.dataset.kind === kind) banner.remove();
  }
}

/** Shows banners when the program is gone or the session is over. */
export function watchConnection() {
  connection.addEventListener("gone", () => {
    showBanner("gone", "bad",
      element("span", {}, element("b", {}, "The program does not answer."), "Everything you confirmed is saved. If its window was closed, start bulkonboard web again, then open the address that it prints."),
      button("Try again", () => void tryAgain(), "small"));
  });
  connection.addEventListener("back", () => hideBanner("gone"));
  connection.addEventListener("outdated", () => {
    showBanner("version", "warn", element("span", {}, element("b", {}, "The program was updated."), "This page is of the version before. Everything you confirmed is saved."),
      button("Load the new page", () => location.reload(), "small"));
  });
  connection.addEventListener("ended", () => {
    const back = element("a.button.small", { href: "/" }, "Sign in again");
    showBanner("ended", "warn", element("span", {}, element("b", {}, "You are signed out."), "A session ends after 15 minutes without use. Everything you confirmed is saved."), back);
  });
}

async function tryAgain() {
  try {
    await request("GET", "/api/session");
  } catch (error) {
    if (!(error instanceof ServerGone) && !(error instanceof Refusal)) throw error;
  }
}

/**
 * Says what was refused. A program that is gone and a session that is over have their
 * banner already.
 *
 * @param {unknown} error
 */
export function reportError(error) {
  if (error instanceof ServerGone) return;
  if (error instanceof Refusal && error.status === 401) return;
  if (error instanceof Refusal) {
    showToast([error.message, error.whatToDo].filter(Boolean).join(" "));
    return;
  }
  showToast("This page has a fault: " + (error instanceof Error ? error.message : String(error)) + ". Load it again.");
}

/**
 * Opens a dialog and returns what was chosen, "" if it was closed.
 *
 * @param {string} title
 * @param {(Node|string)[]} content
 * @param {{text: string, value: string, classes?: string}[]} choices the first is the safe one
 * @returns {Promise<string>}
 */
export function askUser(title, content, choices) {
  const dialog = /** @type {HTMLDialogElement} */ (element("dialog", { "aria-label": title }));
  const form = element("form", { method: "dialog" }, element("h2", {}, title),
    ...content.map((part) => (typeof part === "string" ? element("p", {}, part) : part)),
    element("div.actions", {}, ...choices.map((choice, i) => element("button.button", { autofocus: i === 0, value: choice.value, class: choice.classes ?? "" }, choice.text))));
  fill(dialog, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.showModal();
  });
}

/**
 * Shows the command that does the same as a screen.
 *
 * @param {string} command
 */
export async function showCommand(command) {
  const choice = await askUser("The same from a command line", [
    element("p.soft", {}, "Run it where your file is. The figures are the same as on this page."),
    element("pre", { tabindex: 0, id: "command" }, command),
  ], [{ text: "Close", value: "" }, { text: "Copy", value: "copy", classes: "primary" }]);
  if (choice !== "copy") return;
  await navigator.clipboard.writeText(command);
  showToast("The command was copied.");
}

/**
 * Builds a button that downloads a file, and says why if it cannot.
 *
 * @param {string} text
 * @param {() => string} path
 * @param {string} [classes]
 */
export function downloadButton(text, path, classes = "") {
  const node = button(text, async () => {
    node.disabled = true;
    try {
      await downloadFile(path());
    } catch (error) {
      reportError(error);
    } finally {
      node.disabled = false;
    }
  }, classes);
  return node;
}
