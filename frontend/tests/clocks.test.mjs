// Clocks that cannot be trusted, the browser's own and those of sources, and ages that are judged as configured.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser, openPage } from "./support/browser.mjs";
import { dashboard, site } from "./support/dashboard.mjs";
import { LiveServer } from "./support/live_server.mjs";
import { settledPanels } from "./support/panels.mjs";
import { until } from "./support/waiting.mjs";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** By which age a sample is stored, and what the page is to make of it with the ages that are configured. */
const AGES = { fresh: 5, late: 25, stale: 45 };

const CONFIG = `${site("Clocks")}
[metrics."steady.rate"]
interval = "1s"
title = "Steady"

${Object.keys(AGES)
  .map((name) => `[metrics."patient.${name}"]\ninterval = "1s"\n`)
  .join("\n")}
[streams.patient]
metrics = ["patient.*"]
warn_after = "20s"
fail_after = "40s"
`;

/** How each kind of panel names its metric. */
const SHOWN = {
  stat: (metric) => ({ metric }),
  latest: (metric) => ({ metrics: [metric] }),
  timeseries: (metric) => ({ lines: [{ metric }] }),
};

const DASHBOARD = dashboard(
  "Clocks",
  { id: "steady", title: "Steady", panels: [{ id: "rate", type: "stat", title: "Rate", metric: "steady.rate" }] },
  {
    id: "patient",
    title: "Patient",
    panels: Object.keys(AGES).flatMap((name) =>
      Object.entries(SHOWN).map(([type, keys]) => {
        return { id: `${name}-${type}`, type, title: name, width: 4, ...keys(`patient.${name}`) };
      }),
    ),
  },
);

let server;
let browser;
let sources;
/** When the stepping source was set back. */
const begun = Date.now();

const frame = (metric, ago, value) => ({ metric, time: new Date(Date.now() - ago).toISOString(), values: [value] });

/** For so long its samples are of now, and from then on its clock is a third of a minute behind. */
const STEP_AFTER = 35 * SECOND;
const STEP = 20 * SECOND;

before(async () => {
  server = await LiveServer.start({ config: CONFIG, dashboards: { clocks: DASHBOARD } });
  let value = 0;
  const deliver = async () => {
    value = (value + 1) % 90;
    const isSet = STEP_AFTER < Date.now() - begun;
    await server.post([
      frame("steady.rate", 0, value),
      frame("slow.value", 3 * SECOND, value),
      frame("hasty.value", -5 * SECOND, value),
      frame("set.value", isSet ? STEP : 0, value),
    ]);
  };
  await deliver();
  sources = setInterval(() => deliver().catch(() => {}), 500);
  browser = await launchBrowser();
});

after(async () => {
  clearInterval(sources);
  await browser?.close();
  await server?.stop();
});

/** Opens an address in a browser whose clock is off by some milliseconds; `setClock` in the page sets it again. */
async function on(address, offset, work) {
  const init = [
    (offset) => {
      const Right = Date;
      let ahead = offset;
      globalThis.Date = class extends Right {
        constructor(...parts) {
          if (parts.length === 0) super(Right.now() + ahead);
          else super(...parts);
        }
        static now() {
          return Right.now() + ahead;
        }
      };
      globalThis.setClock = (offset) => (ahead = offset);
    },
    offset,
  ];
  const watched = await openPage(browser, `${server.url}${address}`, { init });
  try {
    await work(watched.page, watched);
    watched.assertNoProblems();
  } finally {
    await watched.close();
  }
}

const FOLLOW = "d/clocks/steady?last=2m";
const notice = (page) => page.locator(".notice").filter({ hasText: "clock of this computer" });
const isFresh = (page) => page.locator('[data-panel="rate"] .age[data-tone="fresh"]').waitFor({ timeout: 30_000 });

/** Waits until the clock in the top bar is the server's, give or take what a busy page takes to write it. */
const isServersClock = (page) => until("the clock in the top bar is the server's", async () => (await errorOfClock(page)) < 5);

/** The seconds between the clock in the top bar and the server's. */
async function errorOfClock(page) {
  const shown = await page.locator(".clocks__clock b").first().innerText();
  const now = new Date();
  const told = Date.parse(`${now.toISOString().slice(0, 10)}T${shown}Z`);
  const day = 24 * 60 * MINUTE;
  const error = Math.abs(now.getTime() - told);
  return Math.min(error, day - error) / SECOND;
}

for (const [what, offset, told] of [
  ["ten minutes ahead", 10 * MINUTE, /^The clock of this computer is (9|10) min ahead of the server's; all times here go by/],
  ["half an hour behind", -30 * MINUTE, /^The clock of this computer is (29|30) min behind the server's; all times here go by/],
  ["two days behind", -48 * 60 * MINUTE, /is (2 d|1 d 23 h) behind the server's/],
]) {
  test(`a browser whose clock is ${what} says so, and tells ages and times by the server's`, async () => {
    await on(FOLLOW, offset, async (page, watched) => {
      await settledPanels(watched);
      await notice(page).filter({ hasText: told }).waitFor();
      await isFresh(page);
      await isServersClock(page);
      await watched.screenshot(`clock-${what}`);
      await page.goto(`${server.url}streams`);
      const line = page.locator(".streams__browser");
      const side = offset > 0 ? "ahead of" : "behind";
      await line.filter({ hasText: side }).waitFor();
      await until(`the page tells ${offset} ms`, async () => {
        const [, secs] = /clock is ([\d.\s]+) s /.exec(await line.innerText()) ?? assert.fail(await line.innerText());
        return Math.abs(Number(secs.replaceAll(/\s/g, "")) - Math.abs(offset) / SECOND) < 3;
      });
    });
  });
}

test("a browser whose clock is right says nothing of it; one that is set meanwhile does, until it is right again", async () => {
  await on(FOLLOW, 0, async (page, watched) => {
    await settledPanels(watched);
    await isFresh(page);
    assert.equal(await notice(page).count(), 0);
    for (const offset of [5 * MINUTE, -5 * MINUTE]) {
      await page.evaluate((offset) => globalThis.setClock(offset), offset);
      const side = offset > 0 ? "ahead of" : "behind";
      await notice(page).filter({ hasText: side }).waitFor({ timeout: 40_000 });
      await isFresh(page);
      await isServersClock(page);
    }
    await page.evaluate(() => globalThis.setClock(0));
    await notice(page).waitFor({ state: "detached", timeout: 40_000 });
    await isFresh(page);
  });
});

test("ages are judged as configured, by every panel", async () => {
  const store = () => server.post(Object.entries(AGES).map(([name, age]) => frame(`patient.${name}`, age * SECOND, 1)));
  await store();
  await on("d/clocks/patient?last=2m", 0, async (page, watched) => {
    await settledPanels(watched);
    // The page may have taken long to open, and samples age meanwhile.
    await store();
    for (const state of Object.keys(AGES)) {
      for (const type of ["stat", "latest", "timeseries"]) {
        const panel = `[data-panel="${state}-${type}"][data-state="${state === "stale" ? "stale" : "ready"}"]`;
        await page.locator(`${panel} .age[data-tone="${state}"]`).waitFor();
      }
      await page.locator(`[data-panel="${state}-latest"] [data-freshness="${state}"]`).first().waitFor();
    }
    await watched.screenshot("ages-as-configured");
  });
});

test("clocks of sources are listed with their delay, and with the step that one of them made", async () => {
  await on("streams", 0, async (page, watched) => {
    const row = (source) => page.locator(`[data-source="${source}"]`);
    const isOff = (source, by) =>
      until(`${source} is off by ${by} s`, async () => {
        return Math.abs(Number(await row(source).getAttribute("data-delay-s")) - by) < 1;
      });
    await row("slow").filter({ hasText: /● late, or behind the server/ }).waitFor();
    await isOff("slow", 3);
    await row("hasty").filter({ hasText: /● ahead of the server/ }).waitFor();
    await isOff("hasty", -5);
    await row("steady").filter({ hasText: /✓/ }).waitFor();
    // It takes three times ten seconds on each side of the step to be sure.
    await row("set").filter({ hasText: /[-−]20(\.\d+)? s at/ }).waitFor({ timeout: 120_000 });
    await watched.screenshot("clocks-of-sources");
  });
});
