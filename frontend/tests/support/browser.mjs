// A real Chromium with a fresh profile, and pages that write down everything that goes wrong.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env.WATCHROOM_CHROMIUM ?? "/usr/bin/chromium";
const ARTIFACTS = process.env.WATCHROOM_ARTIFACTS ?? join(import.meta.dirname, "../../../target/browser");

/** Starts Chromium; every `openPage` gets a profile of its own. */
export function launchBrowser() {
  return chromium.launch({
    executablePath: EXECUTABLE,
    headless: true,
    args: [
      // The tests run as root in containers, where the sandbox cannot start.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      // What the browser itself would ask the network for.
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/**
 * Opens `url` in a new profile.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} url
 * @param {import("playwright-core").BrowserContextOptions} options and `init`, a script with its argument that runs before those
 *   of the page.
 * @returns {Promise<WatchedPage>}
 */
export async function openPage(browser, url, { init, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    ...options,
  });
  if (init) await context.addInitScript(...init);
  const watched = new WatchedPage(context, await context.newPage(), new URL(url).origin);
  await watched.watch();
  await watched.page.goto(url);
  return watched;
}

/** A page with a list of its problems. */
export class WatchedPage {
  /** Console errors, uncaught errors, failed and foreign requests, CSP violations, as text. */
  problems = [];
  /** Addresses of all requests so far. */
  requests = [];

  constructor(context, page, origin) {
    this.context = context;
    this.page = page;
    this.origin = origin;
  }

  /** Starts to listen; before the first address is opened. */
  async watch() {
    const { page, context } = this;
    const note = (kind, text) => this.problems.push(`${kind}: ${text}`);
    page.on("console", (message) => {
      if (message.type() === "error") note("console", `${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => note("uncaught", error.stack ?? error.message));
    page.on("response", (answer) => {
      if (answer.status() >= 400) note("request", `${answer.status()} ${answer.url()}`);
    });
    // On the context, so that workers and pop-ups are seen too.
    context.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      this.requests.push(request.url());
      if (protocol !== "data:" && protocol !== "blob:" && origin !== this.origin) {
        note("foreign request", request.url());
      }
    });
    page.on("websocket", (socket) => {
      this.requests.push(socket.url());
      if (new URL(socket.url()).host !== new URL(this.origin).host) note("foreign socket", socket.url());
    });
    await page.exposeFunction("watchroomTestViolation", (text) => note("content security policy", text));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const where = `${event.sourceFile ?? ""}:${event.lineNumber ?? ""}`;
        window.watchroomTestViolation(`${event.effectiveDirective} blocked ${event.blockedURI} at ${where}`);
      });
    });
  }

  /** Fails if anything went wrong on this page so far. */
  assertNoProblems() {
    assert.deepEqual(this.problems, []);
  }

  /** Saves a picture below the build folder and returns where it is. */
  async screenshot(name) {
    await mkdir(ARTIFACTS, { recursive: true });
    const path = join(ARTIFACTS, `${name.replaceAll(/[^\w.-]+/g, "-")}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  /** Closes the page and forgets its profile. */
  async close() {
    await this.context.close();
  }
}
