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

const regions = new Intl.DisplayNames("en", { type: "region" });

/**
 * Names a country: "Germany (DE)".
 *
 * @param {string} code of ISO 3166-1
 */
export function countryName(code) {
  const name = /^[A-Z]{2}$/.test(code) ? regions.of(code) : undefined;
  return name && name !== code ? name + " (" + code + ")" : code;
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
  const choices = list.fields.find((f) => f.name === field)?.choices ?? [];
  if (field !== "countryCode") return choices.map((value) => ({ value, text: value }));
  return choices.map((value) => ({ value, text: countryName(value) })).sort((a, b) => a.text.localeCompare(b.text, "en"));
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
