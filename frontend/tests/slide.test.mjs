// A window that slides with now: its picture is moved and drawn on in part, and must be that of a drawing of all.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { launchBrowser, openPage } from "./support/browser.mjs";
import { dashboard, site } from "./support/dashboard.mjs";
import { LiveServer } from "./support/live_server.mjs";
import { settledPanels } from "./support/panels.mjs";
import { differingWhenDrawnAnew } from "./support/pixels.mjs";
import { nextFrames } from "./support/waiting.mjs";

const DASHBOARD = dashboard("Live", {
  id: "one",
  title: "One",
  panels: [
    { id: "wave", type: "timeseries", title: "Wave", width: 6, lines: [{ metric: "live.wave" }], low: 0, high: 100 },
  ],
});

let server;
let browser;
let source;

const store = (times) => {
  const value = (ms) => 50 + 45 * Math.sin(ms / 1_500);
  const frame = (ms) => ({ metric: "live.wave", time: new Date(ms).toISOString(), values: [value(ms)] });
  return server.post(times.map(frame));
};

before(async () => {
  server = await LiveServer.start({ config: site("Slide"), dashboards: { live: DASHBOARD } });
  const now = Date.now();
  await store(Array.from({ length: 300 }, (_, at) => now - (300 - at) * 100));
  source = setInterval(() => store([Date.now()]).catch(() => {}), 100);
  browser = await launchBrowser();
});

after(async () => {
  clearInterval(source);
  await browser?.close();
  await server?.stop();
});

test("a picture that has slid is that of a drawing of all, its axes and labels too", async () => {
  const watched = await openPage(browser, `${server.url}d/live/one?last=30s`);
  const { page } = watched;
  await settledPanels(watched);
  await sleep(5_000);
  await page.locator("body").press(" ");
  await page.locator('[data-panel="wave"] .age', { hasText: /^paused since/ }).waitFor();
  await nextFrames(page);
  await watched.screenshot("slid");
  const { differing, of } = await differingWhenDrawnAnew(page, "wave");
  // Where lines were cut at the edges of parts their smoothing may differ a little; a label has some fifty.
  assert.ok(differing < 40, `${differing} of ${of} pixels differ`);
  watched.assertNoProblems();
  await watched.close();
});
