// One more viewer: a browser with a panel that follows now, and when each sample has changed its picture.
// `node pixel.mjs PLAN.json`, run by `cargo xtask bench live`, which writes the samples: all channels high, all low, and so on.

import { readFile, writeFile } from "node:fs/promises";
import { openWindow, withBrowser } from "./browser.mjs";

const plan = JSON.parse(await readFile(process.argv[2], "utf8"));

/**
 * Runs in the page: looks at the newest second and a half of the picture at the begin of each frame, which is when what the frame
 * before has drawn stands on the screen. In the highest and in the lowest part of it there is something only from a high, or a
 * low, sample on.
 */
function watchPixels({ lookbackSecs, missedMs }) {
  const canvas = document.querySelector("[data-panel] canvas");
  const context = canvas.getContext("2d");
  const ratio = devicePixelRatio;
  // The edges of a plot: shared/src/chart/plot.rs.
  const [left, right, top, bottom] = [46, canvas.width / ratio - 10, 8, canvas.height / ratio - 18];
  const width = (1.5 * (right - left)) / lookbackSecs;
  const height = (bottom - top) / 8;
  const isDrawn = (y) => {
    const { data } = context.getImageData((right - width) * ratio, y * ratio, width * ratio, (height - 2) * ratio);
    const { data: ground } = context.getImageData(2, 2, 1, 1);
    for (let at = 0; at < data.length; at += 4) {
      const differs = (color) => Math.abs(data[at + color] - ground[color]) > 60;
      if (differs(0) || differs(1) || differs(2)) return true;
    }
    return false;
  };
  const seen = { changes: [], frames: 0, missed: 0 };
  const was = { high: isDrawn(top), low: isDrawn(bottom - height + 2) };
  let before = performance.now();
  const frame = (now) => {
    const late = now - before;
    before = now;
    seen.frames += 1;
    if (late > missedMs) seen.missed += Math.round(late / (1000 / 60)) - 1;
    const at = Date.now();
    const is = { high: isDrawn(top), low: isDrawn(bottom - height + 2) };
    for (const side of ["high", "low"]) if (is[side] && !was[side]) seen.changes.push({ at, side });
    Object.assign(was, is);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.watchroomSeen = seen;
}

await withBrowser(async (browser) => {
  const window = await openWindow(browser);
  await window.page.goto(plan.address);
  await window.page.waitForFunction(() => performance.getEntriesByName("page:complete").length > 0);
  await window.page.evaluate(watchPixels, { lookbackSecs: plan.lookbackSecs, missedMs: 25 });
  await writeFile(plan.ready, "");
  await new Promise((resolve) => setTimeout(resolve, plan.secs * 1000));
  await writeFile(plan.results, JSON.stringify(await window.page.evaluate(() => window.watchroomSeen)));
});
