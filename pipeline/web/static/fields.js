// @ts-check

/** @type {Record<string, string>} */
const labels = {
  email: "e-mail",
  phoneNumber: "phone",
  ipAddress: "IP address",
  countryCode: "country",
  isTermsOfServiceAccepted: "terms accepted",
  redirectUrl: "redirect address",
};

/**
 * Returns the words for a field of the partner: "first name" for firstName.
 *
 * @param {string} field
 */
export function fieldLabel(field) {
  return labels[field] ?? field.replace(/([a-z])([A-Z0-9])/g, "$1 $2").toLowerCase();
}

/**
 * Reports whether the values of a field are digits that read better in one width.
 *
 * @param {string} field
 */
export function isDigitField(field) {
  return ["phoneNumber", "ipAddress", "postalCode", "walletAddress"].includes(field);
}

const regions = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
const noCountries = ["EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"]; // regions that browsers name, too
/** @type {{value: string, text: string}[]} */
const countries = [];

/** Returns all countries by name. The server knows which of their codes it accepts. */
function listCountries() {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  if (countries.length > 0) return countries;
  for (const value of letters.flatMap((a) => letters.map((b) => a + b))) {
    const name = regions.of(value);
    const isCurrent = new Intl.Locale("und-" + value).region === value; // not a code of the past
    if (name && isCurrent && !noCountries.includes(value)) countries.push({ value, text: name + " (" + value + ")" });
  }
  return countries.sort((a, b) => a.text.localeCompare(b.text, "en"));
}

/**
 * Returns what may be chosen for a field, each with its words, in order.
 *
 * @param {import("./types.js").List} list
 * @param {string} field
 * @returns {{value: string, text: string}[]}
 */
export function choicesOf(list, field) {
  if (field === "isTermsOfServiceAccepted") return [{ value: "true", text: "Accepted" }];
  if (field === "countryCode") return listCountries();
  return (list.fields.find((f) => f.name === field)?.choices ?? []).map((value) => ({ value, text: value }));
}

/**
 * Returns the value that would mend a cell, undefined if that cannot be told. The
 * server checks it like any other edit.
 *
 * @param {import("./types.js").List} list
 * @param {import("./types.js").Finding} finding
 * @param {string} text of the cell
 */
export function suggestValue(list, finding, text) {
  const value = text.trim();
  const means = list.kinds.find((kind) => kind.id === finding.kind)?.values.find((v) => v.text === value)?.means;
  if (means && finding.field !== "isTermsOfServiceAccepted") return means;
  if (finding.code === "phone_plus_lost") return "+" + value.replace(/\D/g, "");
  if (["postal_zero_lost", "postal_short"].includes(finding.code) && /^\d{4}$/.test(value)) return "0" + value;
  return undefined;
}

/**
 * Returns what the text of a cell means by a decision, undefined if none is about it.
 *
 * @param {import("./types.js").List} list
 * @param {number} column
 * @param {string} text
 */
export function meaningOf(list, column, text) {
  if (list.decisions.length === 0 || text === "") return undefined;
  const field = list.columns.find((c) => c.index === column)?.field;
  const word = text.trim().toLowerCase();
  return list.decisions.find((d) => d.kind === "value" && d.field === field && d.from.trim().toLowerCase() === word)?.to;
}
