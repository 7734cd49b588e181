/** The server's live events, for as long as the page is open. */

import { address } from "./api.js";
import { token } from "./token.js";

const AGAIN_MS = 1500;
const NAMES = ["wake", "sounds", "history", "level", "scores"];

/** Fires the events by name (detail: their data), `back` on each connection, and `lost`. */
export class Feed extends EventTarget {
  constructor() {
    super();
    this.connected = false;
    this.connect();
  }

  connect() {
    const known = token();
    const source = new EventSource(
      address("events", { moments: "true", ...(known ? { token: known } : {}) }),
    );
    source.onopen = () => {
      this.connected = true;
      this.dispatchEvent(new Event("back"));
    };
    source.onerror = () => {
      if (this.connected) this.dispatchEvent(new Event("lost"));
      this.connected = false;
      source.close();
      setTimeout(() => this.connect(), AGAIN_MS);
    };
    for (const name of NAMES) {
      source.addEventListener(name, (message) => {
        const detail = JSON.parse(/** @type {MessageEvent} */ (message).data);
        this.dispatchEvent(new CustomEvent(name, { detail }));
      });
    }
  }
}
