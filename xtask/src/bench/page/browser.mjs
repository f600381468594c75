// A Chromium for each measurement, and its figures by the DevTools protocol.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const PROBE = await readFile(join(import.meta.dirname, "probe.js"), "utf8");

/** The window of all measurements, in CSS pixels. */
const VIEWPORT = { width: 1440, height: 900 };

/** Until a browser that was just started has nothing left to do for itself. */
const SETTLING_MS = 700;

/** Does something with a Chromium that nobody has used, and closes it, whatever it is busy with. */
export async function withBrowser(work) {
  const browser = await chromium.launch({
    executablePath: process.env.WATCHROOM_CHROMIUM,
    headless: true,
    args: [
      // Benches run as root in containers, where the sandbox cannot start.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Peers keep some gigabytes.
      "--js-flags=--max-old-space-size=8192",
    ],
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** Opens a window with a profile of its own; nothing is loaded yet. */
export async function openWindow(browser) {
  const context = await browser.newContext({ viewport: VIEWPORT, locale: "en-GB", timezoneId: "UTC" });
  const page = await context.newPage();
  await page.addInitScript(PROBE);
  return new Window(context, page, await context.newCDPSession(page));
}

/** A window with its figures. */
export class Window {
  /** Bytes over the wire, headers included, so far. */
  bytes = 0;
  /** Errors that the page did not catch, and requests that failed. */
  problems = [];

  constructor(context, page, devtools) {
    this.context = context;
    this.page = page;
    this.devtools = devtools;
    page.on("pageerror", (error) => this.problems.push(error.message));
    page.on("crash", () => this.problems.push("the page crashed"));
    page.on("response", (answer) => {
      if (answer.status() >= 400) this.problems.push(`${answer.status()} ${answer.url()}`);
    });
  }

  /** Counts what is loaded from now on. Without the browser's cache, so that two panels share no answer. */
  async countBytes() {
    await this.devtools.send("Network.enable");
    await this.devtools.send("Network.setCacheDisabled", { cacheDisabled: true });
    this.devtools.on("Network.loadingFinished", ({ encodedDataLength }) => {
      this.bytes += encodedDataLength;
    });
  }

  /** Makes the line slow: so many bits a second, and milliseconds until an answer begins. */
  async throttle({ bitsPerSec, latencyMs }) {
    const throughput = bitsPerSec / 8;
    await this.devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: latencyMs,
      downloadThroughput: throughput,
      uploadThroughput: throughput,
    });
  }

  /** Megabytes that are in use after everything unused was thrown away: of JavaScript, of its buffers, of WebAssembly. */
  async heapMb() {
    for (let round = 0; round < 2; round += 1) await this.devtools.send("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize = 0 } = await this.devtools.send("Runtime.getHeapUsage");
    const wasm = await this.page.evaluate(() =>
      window.watchroomProbe.memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0),
    );
    // The memory of WebAssembly is a buffer: where the browser counts those, it is among them.
    return (usedSize + Math.max(backingStorageSize, wasm)) / 1e6;
  }

  /** How long the main thread has worked so far, in milliseconds. */
  async taskMs() {
    await this.devtools.send("Performance.enable");
    const { metrics } = await this.devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  }
}

/** What comes of `work`, or an error after so many seconds. */
export async function within(seconds, what, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Late(`${what} took longer than ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // It fails when its browser is closed, and nobody waits for it any more.
    Promise.resolve(work).catch(() => {});
  }
}

/** Something took too long. */
export class Late extends Error {}

/** What a part of some numbers stayed below, 0 to 1. */
export function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(part * sorted.length), sorted.length - 1)] ?? Number.NaN;
}

export const median = (numbers) => quantile(numbers, 0.5);
