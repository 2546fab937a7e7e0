// @ts-check

/**
 * Reads what a spreadsheet program puts on the clipboard: cells between tabs, rows
 * between line ends, and quotes around cells that hold either.
 *
 * @param {string} text
 * @returns {string[][]}
 */
export function parseBlock(text) {
  if (text === "") return [];
  const rows = [[""]];
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const row = rows[rows.length - 1];
    const last = row.length - 1;
    const char = text[i];
    if (isQuoted && char === '"' && text[i + 1] === '"') {
      row[last] += '"';
      i++;
    } else if (isQuoted && char === '"') {
      isQuoted = false;
    } else if (isQuoted) {
      row[last] += char;
    } else if (char === '"' && row[last] === "" && isQuotedCell(text, i)) {
      isQuoted = true;
    } else if (char === "\t") {
      row.push("");
    } else if (char === "\n") {
      rows.push([""]);
    } else if (char !== "\r") {
      row[last] += char;
    }
  }
  if (rows.length > 1 && rows[rows.length - 1].length === 1 && rows[rows.length - 1][0] === "") rows.pop();
  return rows;
}

/**
 * Reports whether the quote at a position opens a cell that a quote closes.
 *
 * @param {string} text
 * @param {number} at
 */
function isQuotedCell(text, at) {
  return /^"(?:[^"]|"")*"(?:[\t\r\n]|$)/.test(text.slice(at));
}
