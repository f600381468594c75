// A page in a window of its own that can be hidden, frozen and stopped. Playwright keeps its pages in sight whatever happens to
// their windows, so this one is made beside it, in a profile that Playwright does not know, and spoken to by DevTools alone.

import { setTimeout as sleep } from "node:timers/promises";

/** Runs in the page: writes down what each frame says of each panel, as it is painted. */
function watch() {
  window.sleeper = { frames: [], longest: 0, awake: 0, hidden: 0 };
  let before = Date.now();
  // Also while nothing is painted: hidden pages have timers, and frozen ones have none.
  setInterval(() => {
    const now = Date.now();
    if (now - before > window.sleeper.longest) Object.assign(window.sleeper, { longest: now - before, awake: now });
    before = now;
  }, 50);
  document.addEventListener("visibilitychange", () => (window.sleeper.hidden += document.hidden ? 1 : 0));
  const frame = () => {
    const said = [...document.querySelectorAll("[data-panel]")].map((panel) => ({
      id: panel.dataset.panel,
      state: panel.dataset.state,
      age: panel.querySelector(".age")?.textContent ?? "",
      number: panel.querySelector(".stat__value")?.textContent ?? null,
    }));
    window.sleeper.frames.push({ at: Date.now(), said });
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

export class Sleeper {
  #last = 0;
  #answers = new Map();

  /** Opens an address in a new window. */
  static async open(browser, url) {
    const page = new Sleeper();
    page.browser = await browser.newBrowserCDPSession();
    const { browserContextId } = await page.browser.send("Target.createBrowserContext");
    const place = { browserContextId, newWindow: true, width: 1440, height: 900 };
    const { targetId } = await page.browser.send("Target.createTarget", { url: "about:blank", ...place });
    Object.assign(page, { browserContextId, targetId });
    ({ sessionId: page.session } = await page.browser.send("Target.attachToTarget", { targetId, flatten: false }));
    page.browser.on("Target.receivedMessageFromTarget", ({ sessionId, message }) => {
      if (sessionId === page.session) page.#hear(JSON.parse(message));
    });
    ({ windowId: page.window } = await page.browser.send("Browser.getWindowForTarget", { targetId }));
    await page.send("Page.enable");
    await page.send("Page.addScriptToEvaluateOnNewDocument", { source: `(${watch})()` });
    await page.send("Page.navigate", { url });
    return page;
  }

  #hear({ id, result, error }) {
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    if (error) answer?.reject(new Error(error.message));
    else answer?.resolve(result);
  }

  /** A command of DevTools to the page. */
  send(method, params = {}) {
    const id = (this.#last += 1);
    const answered = new Promise((resolve, reject) => this.#answers.set(id, { resolve, reject }));
    const message = JSON.stringify({ id, method, params });
    return this.browser.send("Target.sendMessageToTarget", { sessionId: this.session, message }).then(() => answered);
  }

  /** What a function yields in the page. */
  async run(work, ...args) {
    const expression = `(${work})(...${JSON.stringify(args)})`;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until a function yields true in the page. */
  async until(what, work, ...args) {
    const deadline = Date.now() + 30_000;
    while (!(await this.run(work, ...args))) {
      if (Date.now() > deadline) throw new Error(`${what}: not after 30 s, but ${JSON.stringify(await this.said())}`);
      await sleep(100);
    }
  }

  /** What the last frame says. */
  said() {
    return this.run(() => window.sleeper.frames.at(-1)?.said);
  }

  /** The frames from a moment on. */
  frames(since) {
    return this.run((since) => window.sleeper.frames.filter(({ at }) => at >= since), since);
  }

  /** How long its timers stood still at the longest, in milliseconds, and until when; how often it went out of sight. */
  slept() {
    return this.run(() => ({ ...window.sleeper, frames: undefined }));
  }

  async #windowIs(windowState) {
    await this.browser.send("Browser.setWindowBounds", { windowId: this.window, bounds: { windowState } });
  }

  /** Ways to sleep: each begins one, and yields what ends it. */
  static ways = {
    hidden: async (page) => {
      await page.#windowIs("minimized");
      return () => page.#windowIs("normal");
    },
    "hidden and frozen": async (page) => {
      await page.#windowIs("minimized");
      await page.send("Page.setWebLifecycleState", { state: "frozen" });
      return async () => {
        await page.send("Page.setWebLifecycleState", { state: "active" });
        await page.#windowIs("normal");
      };
    },
    stopped: async (page) => {
      const { processInfo } = await page.browser.send("SystemInfo.getProcessInfo");
      const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
      for (const id of renderers) process.kill(id, "SIGSTOP");
      return () => renderers.forEach((id) => process.kill(id, "SIGCONT"));
    },
  };

  async close() {
    await this.browser.send("Target.disposeBrowserContext", { browserContextId: this.browserContextId });
    await this.browser.detach();
  }
}
