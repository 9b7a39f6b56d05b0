// The microphone: opened on the first use, kept open for a little while so that the next word is not
// lost, as 16 kHz mono PCM where the browser can, else at its own rate (the server resamples).

import { wav } from "./wav.js";
import { phrase } from "./words.js";

const KEEP_OPEN_MS = 15_000;

export class Microphone {
  /**
   * While recording `onBlock(samples)` is called with each block and `onLevel(0..1)` with its loudness;
   * `onFull()` when the longest recording is reached.
   */
  constructor({ onBlock, onLevel, onFull }) {
    this.onBlock = onBlock;
    this.onLevel = onLevel;
    this.onFull = onFull;
    this.longestSeconds = 58;
    this.blocks = null;
    this.context = null;
  }

  get recording() {
    return this.blocks !== null;
  }

  /** Seconds recorded so far. */
  get seconds() {
    return this.recording ? this.samples / this.context.sampleRate : 0;
  }

  /** Samples a second, once it is open. */
  get rate() {
    return this.context.sampleRate;
  }

  /** Opens it and starts recording; `isEndless` keeps nothing. Rejects with a sentence for the person. */
  async start({ isEndless = false } = {}) {
    clearTimeout(this.closing);
    await this.open();
    this.samples = 0;
    this.isEndless = isEndless;
    this.blocks = [];
  }

  /** Ends recording, with the last word whole; resolves to a WAV file as a Blob and its length. */
  async stop() {
    await new Promise((resolve) => {
      this.onDrained = resolve;
      this.node.port.postMessage("drain");
    });
    const { blocks, seconds } = this;
    this.blocks = null;
    this.onLevel(0);
    this.closing = setTimeout(() => this.close(), KEEP_OPEN_MS);
    return { file: wav(blocks, this.context.sampleRate), seconds };
  }

  async open() {
    if (this.context && this.stream.active) return;
    // It was unplugged, or taken away, since it was opened.
    this.close();
    if (!navigator.mediaDevices) {
      throw new Error(phrase("microphone.insecure"));
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      throw new Error(reason(error));
    }
    try {
      // Some browsers do not convert between the device's rate and the context's.
      await this.connect({ sampleRate: 16_000 }).catch(() => {
        this.context?.close();
        return this.connect({});
      });
    } catch (error) {
      this.close();
      throw new Error(reason(error));
    }
  }

  async connect(options) {
    const context = new AudioContext(options);
    this.context = context;
    const source = context.createMediaStreamSource(this.stream);
    await context.audioWorklet.addModule("/capture.worklet.js");
    this.node = new AudioWorkletNode(context, "capture", { numberOfInputs: 1, numberOfOutputs: 0 });
    this.node.port.onmessage = ({ data }) => this.take(data);
    source.connect(this.node);
    await context.resume();
  }

  take(block) {
    if (!block.length) {
      this.onDrained?.();
      return;
    }
    if (!this.recording) return;
    this.samples += block.length;
    if (!this.isEndless) this.blocks.push(block);
    this.onBlock(block);
    this.onLevel(block.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0));
    if (!this.isEndless && this.seconds > this.longestSeconds) this.onFull();
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.context?.close();
    this.stream = this.context = this.node = null;
  }
}

function reason(error) {
  switch (error.name) {
    case "NotAllowedError":
      return phrase("microphone.forbidden");
    case "NotFoundError":
      return phrase("microphone.missing");
    case "NotReadableError":
      return phrase("microphone.busy");
    default:
      return phrase("microphone.broken", { reason: error.message });
  }
}
