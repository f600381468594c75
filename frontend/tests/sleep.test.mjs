// A page that was out of sight, frozen by the browser or stopped with its machine: when it is back it says nothing old as if it
// were current, and has all that came meanwhile.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { launchBrowser } from "./support/browser.mjs";
import { dashboard, site } from "./support/dashboard.mjs";
import { LiveServer } from "./support/live_server.mjs";
import { Sleeper } from "./support/sleeper.mjs";

const CONFIG = `${site("Sleep")}
[metrics."live.count"]
interval = "1s"
`;

const DASHBOARD = dashboard("Live", {
  id: "one",
  title: "One",
  panels: [
    { id: "line", type: "timeseries", title: "Line", width: 6, lines: [{ metric: "live.count", label: "count" }] },
    { id: "number", type: "stat", title: "Number", width: 6, metric: "live.count" },
    { id: "table", type: "latest", title: "Table", width: 6, metrics: ["live.count"] },
  ],
});

/** How long a page sleeps: longer than a proof of life holds, and than three intervals. */
const ASLEEP_MS = 7_000;
/** What is older must not pass for current: the three seconds of the promise, and what a loaded machine adds. */
const CURRENT_MS = 6_000;
/** Nobody tells a page that its machine has slept. Until its timers run again it paints once more what stood there all the time. */
const TIMERS_MS = 500;

let server;
let browser;
let source;
/** When each count was stored: its value is its place. */
const stored = [];
/** What is on its way to the server. */
const writes = new Set();

async function store() {
  const [value, time] = [stored.length, Date.now()];
  stored.push(time);
  await server.post([{ metric: "live.count", time: new Date(time).toISOString(), values: [value] }]);
}

/** Delivers twice a second, until the test is over. */
function startSource() {
  source = setInterval(() => {
    const write = store()
      .catch(() => {})
      .finally(() => writes.delete(write));
    writes.add(write);
  }, 500);
}

before(async () => {
  server = await LiveServer.start({ config: CONFIG, dashboards: { live: DASHBOARD } });
  browser = await launchBrowser();
});

afterEach(() => clearInterval(source));

after(async () => {
  clearInterval(source);
  await browser?.close();
  await server?.stop();
});

/** Lets a page sleep, and wakes it whatever happens meanwhile. */
async function asleep(page, way, meanwhile = async () => {}) {
  const begun = Date.now();
  const wake = await Sleeper.ways[way](page);
  try {
    await meanwhile();
    await sleep(Math.max(0, ASLEEP_MS - (Date.now() - begun)));
  } finally {
    await wake();
  }
  return { begun, woken: Date.now() };
}

/** Every panel is current, and the large number is the last one. */
async function isCurrent(page) {
  await page.until("every panel is current", () => {
    const said = window.sleeper.frames.at(-1)?.said ?? [];
    return said.length === 3 && said.every(({ state }) => state === "ready");
  });
  const last = stored.length - 1;
  await page.until(`the number is ${last} or later`, (last) => {
    const said = window.sleeper.frames.at(-1).said.find(({ id }) => id === "number");
    return Number(said.number) >= last;
  }, last);
}

/** The frames in which an old number passes for current. */
function lies(frames) {
  const told = frames.flatMap(({ at, said }) => said.map((panel) => ({ at, ...panel })));
  return told.filter(({ at, id, state, number }) => {
    return id === "number" && state === "ready" && !(at - stored[Number(number)] < CURRENT_MS);
  });
}

for (const way of Object.keys(Sleeper.ways)) {
  for (const restarts of [false, true]) {
    const what = restarts ? ", while the server was killed and started again," : "";
    test(`a page that was ${way}${what} shows no old number as current, and then all that came`, async () => {
      await store();
      startSource();
      const range = [Date.now() - 60_000, Date.now() + 240_000].map((time) => new Date(time).toISOString());
      const page = await Sleeper.open(browser, `${server.url}d/live/one?from=${range[0]}&to=${range[1]}`);
      await isCurrent(page);
      const { woken } = await asleep(page, way, async () => {
        if (!restarts) return;
        await sleep(2_000);
        await server.kill();
        await server.begin();
      });
      await isCurrent(page);
      const slept = await page.slept();
      if (way !== "hidden") assert.ok(slept.longest > ASLEEP_MS / 2, `it slept for ${slept.longest} ms at once`);
      if (way !== "stopped") assert.equal(slept.hidden, 1, "it was out of sight");
      const since = way === "stopped" ? slept.awake + TIMERS_MS : woken;
      assert.deepEqual(lies(await page.frames(since)).slice(0, 3), []);
      // What came meanwhile is drawn: as many samples as the server has.
      clearInterval(source);
      await Promise.all(writes);
      const query = `metric=live.count&channels=0&from=${range[0]}&to=${range[1]}&limit=1000`;
      const { samples } = await (await fetch(`${server.url}api/v1/samples?${query}`)).json();
      await page.until(`${samples.length} samples are drawn`, (count) => {
        const badge = document.querySelector('[data-panel="line"] .plot__badge').textContent;
        return badge === `exact · ${count} samples`;
      }, samples.length);
      await page.close();
    });
  }
}
