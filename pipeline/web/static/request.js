// @ts-check
import { placeName } from "./format.js";

/** An answer that refuses: what happened, and what to do. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {Record<string, any>} body
   */
  constructor(status, body) {
    super(body.sentence ?? "The program answered with status " + status + ".");
    this.status = status;
    this.body = body;
    this.code = String(body.code ?? "");
    this.whatToDo = String(body.whatToDo ?? "");
  }
}

/** The program does not answer. */
export class ServerGone extends Error {
  constructor() {
    super("The program on " + placeName() + " does not answer.");
  }
}

/** @type {EventTarget} says "gone", "back", "ended", when the session is over, and "outdated", when the page is of another version of the program */
export const connection = new EventTarget();

let isGone = false;
let isOutdated = false;

// Another version of the program may answer than the one that this page is of.
/** @param {string|null} version */
function compareVersion(version) {
  const { version: own } = document.body.dataset;
  if (isOutdated || !version || !own || version === own) return;
  isOutdated = true;
  connection.dispatchEvent(new Event("outdated"));
}

/** @param {boolean} gone */
function reportConnection(gone) {
  if (gone === isGone) return;
  isGone = gone;
  connection.dispatchEvent(new Event(gone ? "gone" : "back"));
}

/**
 * Sends a request and returns the answer, if it is one with a body that was asked for.
 * Throws a Refusal or ServerGone.
 *
 * @param {string} method
 * @param {string} path
 * @param {{body?: any, headers?: Record<string, string>, signal?: AbortSignal}} [options]
 * @returns {Promise<{status: number, body: any, etag: string}>}
 */
export async function request(method, path, options = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  let response, text;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    reportConnection(true);
    throw new ServerGone();
  }
  reportConnection(false);
  compareVersion(response.headers.get("Page-Version"));
  return readAnswer(response.status, text, response.headers.get("ETag") ?? "");
}

/**
 * @param {number} status
 * @param {string} text
 * @param {string} etag
 */
function readAnswer(status, text, etag) {
  let body = null;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    body = null; // an answer of something else, such as a proxy
  }
  if (status === 401) connection.dispatchEvent(new Event("ended"));
  if (status >= 400) throw new Refusal(status, body ?? {});
  return { status, body, etag };
}

/**
 * Returns the body of a GET.
 *
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function getJSON(path) {
  return (await request("GET", path)).body;
}

/**
 * Uploads a file as it is. Only XMLHttpRequest reports how much is sent.
 *
 * @param {string} path
 * @param {Blob} file
 * @param {(share: number) => void} onProgress from 0 to 1
 * @returns {Promise<any>} the body of the answer
 */
export function uploadFile(path, file, onProgress) {
  return new Promise((resolve, reject) => {
    const upload = new XMLHttpRequest();
    upload.open("PUT", path);
    upload.setRequestHeader("Accept", "application/json");
    upload.setRequestHeader("Content-Type", "application/octet-stream");
    upload.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    upload.addEventListener("error", () => {
      reportConnection(true);
      reject(new ServerGone());
    });
    upload.addEventListener("load", () => {
      reportConnection(false);
      try {
        resolve(readAnswer(upload.status, upload.responseText, "").body);
      } catch (error) {
        reject(error);
      }
    });
    upload.send(file);
  });
}

/**
 * Downloads a file and saves it under the name that the server gives it. Throws a
 * Refusal or ServerGone, as a link could not say why it failed.
 *
 * @param {string} path
 */
export async function downloadFile(path) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" });
  } catch {
    reportConnection(true);
    throw new ServerGone();
  }
  if (!response.ok) {
    readAnswer(response.status, await response.text(), "");
    return;
  }
  saveFile(await response.blob(), fileNameOf(response.headers.get("Content-Disposition") ?? ""));
}

/**
 * Saves content as a file.
 *
 * @param {Blob} content
 * @param {string} name
 */
function saveFile(content, name) {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
}

/** @param {string} disposition the header Content-Disposition */
function fileNameOf(disposition) {
  const extended = /filename\*=utf-8''([^;]+)/i.exec(disposition);
  if (extended) return decodeURIComponent(extended[1]);
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? "download";
}
