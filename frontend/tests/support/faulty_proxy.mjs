// A line between browser and server that can be cut, held up, half closed and made slow.

import { connect, createServer } from "node:net";
import { once } from "node:events";

/** The start of a request that wants to become a WebSocket. */
const UPGRADE = /^GET [^\r]*\r\n(?:[^\r]+\r\n)*upgrade: *websocket/i;

export class FaultyProxy {
  #pairs = new Set();
  #server;
  #target;
  /** Connections are refused while it is cut. */
  #isCut = false;
  /** Nothing passes while it is held, and nobody is told: as when a radio link fades. */
  #isHeld = false;
  /** How long everything is under way to the browser, in milliseconds. */
  delayMs = 0;
  /** Answers sockets with an error, as a proxy does that knows no upgrade. */
  refusesUpgrades = false;
  /** How many sockets were opened through it. */
  nSockets = 0;

  /** Listens on a free port, or on `port`, and leads to `target`, an address ending in `/`. */
  static async start(target, port = 0) {
    const proxy = new FaultyProxy();
    proxy.#target = new URL(target);
    proxy.#server = createServer({ allowHalfOpen: true }, (browser) => proxy.#join(browser));
    proxy.#server.listen(port, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  #join(browser) {
    browser.on("error", () => {});
    if (this.#isCut) return browser.destroy();
    const server = connect({ port: Number(this.#target.port), host: this.#target.hostname, allowHalfOpen: true });
    const pair = { browser, server, isSocket: false };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      browser.destroy();
      server.destroy();
    };
    server.on("error", end);
    server.on("close", end);
    browser.on("close", end);
    browser.on("data", (bytes) => {
      if (UPGRADE.test(bytes.toString("latin1"))) {
        if (this.refusesUpgrades) return browser.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        pair.isSocket = true;
        this.nSockets += 1;
      }
      server.write(bytes);
    });
    browser.on("end", () => server.end());
    server.on("data", (bytes) => {
      if (this.delayMs > 0) setTimeout(() => browser.destroyed || browser.write(bytes), this.delayMs);
      else browser.write(bytes);
    });
    server.on("end", () => setTimeout(() => browser.end(), this.delayMs));
    if (this.#isHeld) this.#pauseOf(pair, true);
  }

  #pauseOf({ browser, server }, isHeld) {
    for (const side of [browser, server]) isHeld ? side.pause() : side.resume();
  }

  #sockets() {
    return [...this.#pairs].filter((pair) => pair.isSocket);
  }

  /** Ends every connection, and refuses new ones. */
  cut() {
    this.#isCut = true;
    for (const { browser, server } of [...this.#pairs]) {
      browser.destroy();
      server.destroy();
    }
  }

  /** Holds everything up, without a word to either side. */
  hold() {
    this.#isHeld = true;
    for (const pair of this.#pairs) this.#pauseOf(pair, true);
  }

  /** Ends what is wrong. */
  heal() {
    this.#isCut = false;
    this.#isHeld = false;
    for (const pair of this.#pairs) this.#pauseOf(pair, false);
  }

  /** Ends the WebSockets alone. */
  cutSockets() {
    for (const { browser, server } of this.#sockets()) {
      browser.destroy();
      server.destroy();
    }
  }

  /** Closes the WebSockets towards the browser, while the server may go on to speak. */
  halfCloseSockets() {
    for (const { browser } of this.#sockets()) browser.end();
  }

  async stop() {
    this.cut();
    this.#server.close();
  }
}
