// @ts-check

const counts = new Intl.NumberFormat("en");

/**
 * Writes a count with its thousands apart: 12,345.
 *
 * @param {number} n
 */
export function formatCount(n) {
  return counts.format(n);
}

/**
 * Writes a count with its noun: "1 row", "12 rows".
 *
 * @param {number} n
 * @param {string} one
 * @param {string} [many] one with an s unless given
 */
export function countOf(n, one, many = one + "s") {
  return formatCount(n) + " " + (n === 1 ? one : many);
}

/** Names the machine that the program runs on, and has the lists. */
export function placeName() {
  const { hostname } = location;
  return /^127\.|^\[::1\]$/.test(hostname) ? "this computer" : hostname;
}

/**
 * Begins a text with a capital letter.
 *
 * @param {string} text
 */
export function capitalize(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Writes an amount as the server sent it, with its thousands apart. Amounts are
 * decimal text and never become floating-point numbers.
 *
 * @param {string} amount
 * @param {string} [currency]
 */
export function formatMoney(amount, currency = "") {
  const [, sign, whole, rest] = /^(-?)(\d+)(\.\d+)?$/.exec(amount) ?? [];
  if (whole === undefined) return amount;
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (sign ? "−" : "") + grouped + (rest ?? "") + (currency ? " " + currency : "");
}

/**
 * Multiplies an amount by a count, exactly.
 *
 * @param {string} amount decimal text
 * @param {number} n a whole number
 */
export function multiplyMoney(amount, n) {
  const [whole, rest = ""] = amount.split(".");
  const product = (BigInt(whole + rest) * BigInt(n)).toString().padStart(rest.length + 1, "0");
  return rest === "" ? product : product.slice(0, -rest.length) + "." + product.slice(-rest.length);
}

/**
 * Writes a number of bytes as file managers do: "14.2 MB" are 14.2 × 1024 × 1024 bytes.
 *
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  if (bytes < 1024) return bytes + " bytes";
  if (bytes < 1 << 20) return (bytes / 1024).toFixed(0) + " kB";
  return (bytes / (1 << 20)).toFixed(1).replace(/\.0$/, "") + " MB";
}

/**
 * Writes a duration roughly: "45 seconds", "12 minutes", "2 h 5 min".
 *
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  if (seconds < 1) return "less than a second";
  if (seconds < 100) return countOf(Math.round(seconds), "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return countOf(minutes, "minute");
  return Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
}

/**
 * Writes a moment in local time: "29 Nov 2026, 16:09", or only the time if it is today.
 *
 * @param {string|Date|null|undefined} moment RFC 3339, or a date
 * @param {{seconds?: boolean}} [options]
 */
export function formatTime(moment, options = {}) {
  if (!moment) return "";
  const date = moment instanceof Date ? moment : new Date(moment);
  if (Number.isNaN(date.getTime())) return String(moment);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: options.seconds ? "2-digit" : undefined });
  if (date.toDateString() === new Date().toDateString()) return time;
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" }) + ", " + time;
}
