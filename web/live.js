// One live session: the microphone's sound goes to Hark while it is spoken, notices and progress come back.

import { openSocket } from "./api.js";

// Sound that may wait for the socket to open, or for a slow line, before the line counts as broken.
const MOST_WAITING_BYTES = 4 * 2 ** 20;

export class LiveSession {
  /**
   * `mode` is `held` or `hands-free`. `onNotice(notice)` gets every line; `onClose(isLost)` is called once,
   * `isLost` where nobody here has closed it.
   */
  constructor({ mode, sessionId, rate, onNotice, onClose }) {
    this.waiting = [];
    this.isClosed = false;
    this.isHeard = false;
    this.socket = openSocket({ mode, sessionId, rate });
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("open", () => {
      for (const message of this.waiting.splice(0)) this.socket.send(message);
    });
    this.socket.addEventListener("message", ({ data }) => {
      this.isHeard = true;
      onNotice(JSON.parse(data));
    });
    this.socket.addEventListener("close", () => {
      const isLost = !this.isClosed;
      this.isClosed = true;
      onClose(isLost);
    });
  }

  /** Whether Hark has answered and is still there. */
  get isGood() {
    return this.isHeard && !this.isClosed;
  }

  /** Sends a block of samples (-1..1). */
  send(block) {
    const sound = new Int16Array(block.length);
    block.forEach((sample, index) => (sound[index] = Math.max(-1, Math.min(1, sample)) * 0x7fff));
    this.pass(sound.buffer);
    if (this.socket.bufferedAmount > MOST_WAITING_BYTES) this.socket.close();
  }

  /** Sends a message, such as `{ type: "press" }`. */
  say(message) {
    this.pass(JSON.stringify(message));
  }

  close() {
    this.isClosed = true;
    this.socket.close();
  }

  pass(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
    else if (this.socket.readyState === WebSocket.CONNECTING) this.waiting.push(message);
  }
}
