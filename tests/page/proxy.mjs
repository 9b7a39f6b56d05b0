// A stretch of network between browser and Hark that can be cut and mended.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Proxy {
  static async start(to) {
    const proxy = new Proxy();
    const { hostname, port } = new URL(to);
    proxy.sockets = new Set();
    proxy.isCut = false;
    proxy.refused = 0;
    proxy.server = createServer((near) => {
      if (proxy.isCut) {
        proxy.refused += 1;
        near.destroy();
        return;
      }
      const far = connect(Number(port), hostname);
      for (const [from, into] of [[near, far], [far, near]]) {
        proxy.sockets.add(from);
        from.on("error", () => into.destroy()).on("close", () => proxy.sockets.delete(from));
        from.pipe(into);
      }
    });
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}/`;
    return proxy;
  }

  /** Breaks all connections, in the middle of whatever they carry, and lets none through. */
  cut() {
    this.isCut = true;
    this.sockets.forEach((socket) => socket.destroy());
  }

  mend() {
    this.isCut = false;
  }

  stop() {
    this.cut();
    this.server.close();
  }
}
