// @ts-check
import { element, fill, notice } from "./dom.js";
import { formatBytes, placeName } from "./format.js";
import { Refusal, uploadFile } from "./request.js";
import { reportError } from "./notices.js";

/** The place where a spreadsheet is dropped, with how far its upload is and why it was refused. */
export class DropZone {
  /**
   * @param {import("./types.js").Session} session
   * @param {{origin: number}} [of] the run whose rows to correct are dropped
   */
  constructor(session, of) {
    this.origin = of?.origin ?? 0;
    this.limit = session.limits.upload;
    this.isBusy = false;
    this.input = /** @type {HTMLInputElement} */ (element("input.unseen", { type: "file", id: "file", accept: ".xlsx,.xlsm,.csv,.tsv,.txt,.jsonl" }));
    this.result = element("div", { "aria-live": "polite" });
    this.target = element("div.drop", {},
      element("p.call", {}, of ? "Drop the corrected rows here" : "Drop a spreadsheet here"),
      element("p.soft", {}, ".xlsx, .csv or .tsv, up to " + formatBytes(this.limit) + ". The file stays on " + placeName() + " and is never changed."),
      element("label.button.primary", { for: "file" }, "Choose a file"), this.input);
    this.node = element("section", { "aria-label": "Drop a spreadsheet" }, this.target, this.result);
    this.input.addEventListener("change", () => this.take(this.input.files));
    for (const event of ["dragenter", "dragover"]) window.addEventListener(event, (e) => this.showOver(/** @type {DragEvent} */ (e)));
    window.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.target.classList.remove("is-over");
    });
    window.addEventListener("drop", (event) => {
      event.preventDefault();
      this.target.classList.remove("is-over");
      this.take(event.dataTransfer?.files ?? null);
    });
  }

  /** @param {DragEvent} event */
  showOver(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.target.classList.add("is-over");
  }

  /** @param {FileList|null} files */
  take(files) {
    if (this.isBusy || !files || files.length === 0) return;
    if (files.length > 1) {
      fill(this.result, notice("bad", "Drop one file at a time.", "Each file becomes a list of its own."));
      return;
    }
    void this.upload(files[0]);
  }

  /** @param {File} file */
  async upload(file) {
    if (file.size > this.limit) {
      fill(this.result, notice("bad", file.name + " has " + formatBytes(file.size) + ", and the limit is " + formatBytes(this.limit) + ".",
        "Check it from the command line, or ask who started this program to raise its upload limit."));
      return;
    }
    this.isBusy = true;
    const bar = /** @type {HTMLProgressElement} */ (element("progress", { max: 1, value: 0, "aria-label": "Upload of " + file.name }));
    const text = element("p", {}, "Uploading " + file.name + ", " + formatBytes(file.size));
    fill(this.result, element("div.notice", {}, text, bar));
    try {
      const list = await uploadFile("/api/lists?name=" + encodeURIComponent(file.name) + (this.origin ? "&origin=" + this.origin : ""), file, (share) => {
        bar.value = share;
        text.textContent = share < 1 ? "Uploading " + file.name + ": " + Math.floor(share * 100) + " %" : "Reading " + file.name + " …";
      });
      location.assign("/lists/" + list.id);
    } catch (error) {
      this.explain(error);
    } finally {
      this.isBusy = false;
      this.input.value = "";
    }
  }

  /** @param {unknown} error */
  explain(error) {
    if (!(error instanceof Refusal)) {
      fill(this.result);
      reportError(error);
      return;
    }
    const open = error.body.open ? element("p", {}, element("a", { href: "/lists/" + error.body.open }, "Open that list")) : null;
    fill(this.result, notice(open ? "warn" : "bad", error.message, error.whatToDo || null, open));
  }
}
