// The libraries that are measured beside the page, each in a browser of its own, with data in memory where ours has a server.

import { median, openWindow, quantile, within, withBrowser } from "./browser.mjs";
import { hover } from "./ours.mjs";

/** Names in files, and names for people. */
export const NAMES = { bare: "bare canvas", uplot: "uPlot", echarts: "ECharts", plotly: "Plotly" };

/** One library. */
export class Peer {
  constructor(host, key, patienceSecs) {
    this.host = host;
    this.key = key;
    this.patienceSecs = patienceSecs;
  }

  /** Opens its page, and gives what `work` makes of it; an error when it does not end in time. */
  opened(what, work, { hash = "", throttle } = {}) {
    const name = NAMES[this.key];
    return withBrowser(async (browser) => {
      const window = await openWindow(browser);
      await window.countBytes();
      if (throttle) await window.throttle(throttle);
      const crashed = new Promise((_, reject) => window.page.on("crash", () => reject(new Error(`${name} crashed`))));
      crashed.catch(() => {});
      await window.page.goto(`${this.host}/${this.key}.html${hash}`);
      return Promise.race([work(window, (part) => within(this.patienceSecs, `${name}, ${what}`, part)), crashed]);
    });
  }

  /** Nine panels of lines, from the address to the last picture. */
  night(plan, options) {
    return this.opened(
      "a night",
      async (window, patiently) => {
        const times = await patiently(window.page.evaluate(() => window.opened));
        return { ...times, bytes: window.bytes };
      },
      { ...options, hash: nightHash(plan) },
    );
  }

  /** All channels as lines: zooms, and moves of the mouse. */
  lines(path, shape, size, ranges) {
    return this.opened("lines", async (window, patiently) => {
      const { page } = window;
      await page.evaluate((plan) => window.harness.loadSet(plan), { path, shape });
      const first = await patiently(page.evaluate((plan) => window.harness.all(plan), { size }));
      const zooms = [];
      const end = Date.now() + this.patienceSecs * 1000;
      for (const range of ranges) {
        zooms.push(await patiently(page.evaluate((part) => window.harness.zoom(part), range)));
        if (Date.now() > end) break;
      }
      const box = await page.locator("body > div").first().boundingBox();
      const { median: painted, busy } = await patiently(hover(window, box, 10));
      return { first, median: median(zooms), p95: quantile(zooms, 0.95), painted, busy };
    });
  }

  /** Time x channel in colours: the first picture, and the picture itself. */
  raster(path, shape, size, look) {
    return this.opened("a heatmap", async (window, patiently) => {
      const { page } = window;
      await page.evaluate((plan) => window.harness.loadSet(plan), { path, shape });
      const first = await patiently(page.evaluate((plan) => window.harness.raster(plan), { size }));
      return { first, seen: await look(window) };
    });
  }

  /** One long line: the first picture. */
  line(size) {
    return this.opened("a line", async (window, patiently) => {
      await window.page.evaluate(() => window.harness.loadLine());
      return { first: await patiently(window.page.evaluate((plan) => window.harness.line(plan), { size })) };
    });
  }

  /** Megabytes after some nights. */
  heap(plan, nights) {
    return this.opened(
      "nights",
      async (window, patiently) => {
        await patiently(window.page.evaluate(() => window.opened.then(() => null)));
        const end = Date.now() + this.patienceSecs * 1000;
        let stepped = 1;
        while (stepped < nights && Date.now() < end) {
          await patiently(window.page.evaluate((next) => window.harness.nextNight(next), plan));
          stepped += 1;
        }
        return { heap: await window.heapMb(), nights: stepped };
      },
      { hash: nightHash(plan) },
    );
  }
}

const nightHash = (plan) => `#night=${encodeURIComponent(JSON.stringify(plan))}`;

/** By what is drawn, as every how manieth frame a library drew it in time. */
const borne = new Map();

/**
 * Tries with all frames, then with fewer until one ends in time; where `what` was tried before, with as many as then. Gives
 * what came of it, and how many frames it bore.
 */
export async function asMuchAsItBears(what, shape, attempt, say) {
  for (const thin of [1, 4, 16, 64].filter((thin) => thin >= (borne.get(what) ?? 1))) {
    const frames = Math.ceil(shape.frames / thin);
    try {
      const result = { frames, ...(await attempt({ ...shape, thin })) };
      borne.set(what, thin);
      return result;
    } catch (error) {
      say(`${error.message.split("\n")[0]} (with ${frames} frames)`);
    }
  }
  throw new Error("not even every 64th frame in time");
}
