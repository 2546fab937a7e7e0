// @ts-check
import { byID, element, fill, notice } from "./dom.js";
import { Refusal, request } from "./request.js";

const isTeam = document.body.dataset.team === "true";
const place = byID("sign-in");

// The token is in the part of the address that browsers do not send, and leaves the
// history before anything else happens.
const token = location.hash.startsWith("#token=") ? location.hash.slice("#token=".length) : location.hash.slice(1);
if (token && !isTeam) {
  history.replaceState(null, "", location.pathname);
  void signIn({ token });
} else if (isTeam) {
  showForm();
} else {
  showStartAgain("This page needs the address that the program prints when it starts.");
}

/** @param {Record<string, string>} login */
async function signIn(login) {
  try {
    await request("POST", "/session", { body: login });
    location.reload();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const hint = error instanceof Refusal ? error.whatToDo : "";
    if (isTeam) showForm(text + " " + hint);
    else showStartAgain(text);
  }
}

/** @param {string} why */
function showStartAgain(why) {
  fill(place, notice("warn", why, "Each address works once."),
    element("p", {}, "Start the program again and open the address that it prints:"),
    element("p", {}, element("code", {}, "bulkonboard web")));
}

/** @param {string} [why] */
function showForm(why = "") {
  const user = /** @type {HTMLInputElement} */ (element("input.field", { id: "user", name: "user", autocomplete: "username", required: true }));
  const password = /** @type {HTMLInputElement} */ (element("input.field", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true }));
  fill(place, why ? notice("bad", why) : null, element("form", { on: { submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void signIn({ user: user.value, password: password.value });
  } } },
  element("p", {}, element("label.label", { for: "user" }, "Name"), user),
  element("p", {}, element("label.label", { for: "password" }, "Password"), password),
  element("div.actions", {}, element("button.button.primary", { type: "submit" }, "Sign in"))));
  user.focus();
}
