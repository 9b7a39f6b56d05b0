// Runs on the audio thread: hands each block of the microphone's first channel to the page, and on
// request what is left of the last one, followed by an empty block.

const BLOCK = 2048;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.clear();
    this.port.onmessage = () => {
      this.port.postMessage(this.block.slice(0, this.filled));
      this.port.postMessage(new Float32Array(0));
      this.clear();
    };
  }

  clear() {
    this.block = new Float32Array(BLOCK);
    this.filled = 0;
  }

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    for (const sample of samples) {
      this.block[this.filled++] = sample;
      if (this.filled === BLOCK) {
        this.port.postMessage(this.block, [this.block.buffer]);
        this.clear();
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
