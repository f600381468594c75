// What the tests of a file share: one server, one browser, and a page that is opened, waited for and judged.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { launchBrowser, openPage } from "./browser.mjs";
import { settledPanels } from "./panels.mjs";

/**
 * Starts a server and a browser before the tests of the file, and ends them after the last.
 *
 * @param {() => Promise<{ url: string, stop: () => Promise<string> }>} start Starts the server.
 * @param {object} options `below` is put before every address; `settled` waits until the page has said what it has to
 *   say; `isExpected` tells for an address which problems belong to it.
 */
export function useSession(start, { below = "", settled = settledPanels, isExpected = () => false } = {}) {
  const session = new Session(below, settled, isExpected);
  before(async () => {
    session.server = await start();
    session.browser = await launchBrowser();
  });
  after(async () => {
    await session.browser?.close();
    await session.server?.stop();
  });
  return session;
}

class Session {
  /** The server, from the first test on. */
  server;
  /** The browser, from the first test on. */
  browser;

  constructor(below, settled, isExpected) {
    Object.assign(this, { below, settled, isExpected });
  }

  /** The whole of an address below the server. */
  link(address) {
    return new URL(`${this.below}${address}`, this.server.url).href;
  }

  /** Opens an address, waits for its panels, hands the page to `work`, and checks that nothing broke. */
  on = async (address, work, options) => {
    const watched = await openPage(this.browser, this.link(address), options);
    try {
      await this.settled(watched);
      await work(watched.page, watched);
      assert.deepEqual(
        watched.problems.filter((problem) => !this.isExpected(address, problem)),
        [],
      );
    } finally {
      await watched.close();
    }
  };

  /** What the server answers to a question below `api/v1/`, as JSON. */
  api = async (path) => {
    const answer = await fetch(new URL(`api/v1/${path}`, this.server.url), { headers: { accept: "application/json" } });
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
}
