// What the page does while samples come, and while they do not: follow, pause, cuts, silence.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { launchBrowser, openPage } from "./support/browser.mjs";
import { FaultyProxy } from "./support/faulty_proxy.mjs";
import { LiveServer } from "./support/live_server.mjs";
import { settledPanels } from "./support/panels.mjs";
import { Plot } from "./support/plot.mjs";

const CONFIG = `
[site]
name = "Live"
time_zone = "UTC"
day_start = "12:00"

[metrics."live.rate"]
interval = "1s"
unit = "Hz"
title = "Rate"

[metrics."live.array"]
interval = "1s"
unit = "V"
title = "Array"
`;

const DASHBOARD = `
title = "Live"

[[tabs]]
id = "one"
title = "One"

[[tabs.panels]]
id = "rate"
type = "timeseries"
title = "Rate"
width = 6
lines = [{ metric = "live.rate", label = "rate" }]
low = 0.0
high = 100.0

[[tabs.panels]]
id = "array"
type = "heatmap"
title = "Array"
metric = "live.array"
width = 6
scale = { low = 0.0, high = 100.0 }

[[tabs.panels]]
id = "number"
type = "stat"
title = "Number"
metric = "live.rate"
width = 6

[[tabs.panels]]
id = "table"
type = "latest"
title = "Table"
metrics = ["live.rate", "live.array"]
width = 6
`;

let server;
let proxy;
let browser;
let source;
/** The last sample that was stored. */
let last = { value: 0, time: 0 };

/** Stores a frame of both metrics at a moment, `ago` milliseconds before now. */
async function store(value, ago = 0) {
  const time = new Date(Date.now() - ago).toISOString();
  await server.post([
    { metric: "live.rate", time, values: [value] },
    { metric: "live.array", time, values: Array.from({ length: 8 }, (_, at) => (value + at * 10) % 100) },
  ]);
  if (ago === 0) last = { value, time };
}

/** Delivers twice a second, until it is told to stop. */
function startSource() {
  let value = 0;
  const timer = setInterval(() => {
    value = (value + 7) % 90;
    // A server that is being killed takes nothing; a source would try again.
    store(value).catch(() => {});
  }, 500);
  return { stop: () => clearInterval(timer) };
}

before(async () => {
  server = await LiveServer.start({ config: CONFIG, dashboards: { live: DASHBOARD } });
  for (let ago = 120; ago > 0; ago -= 1) await store(ago % 90, ago * 1000);
  await store(50);
  proxy = await FaultyProxy.start(server.url);
  browser = await launchBrowser();
});

afterEach(() => {
  source?.stop();
  source = undefined;
  proxy.heal();
  proxy.delayMs = 0;
  proxy.refusesUpgrades = false;
});

after(async () => {
  source?.stop();
  await browser?.close();
  await proxy?.stop();
  await server?.stop();
});

/** Opens an address through the proxy while the source delivers, and closes it again. */
async function on(address, work) {
  source = startSource();
  const watched = await openPage(browser, `${proxy.url}${address}`);
  try {
    await settledPanels(watched);
    await work(watched.page, watched);
  } finally {
    await watched.close();
  }
}

const link = (page, state) => page.locator(`[data-connection="${state}"]`).waitFor({ timeout: 20_000 });
const panel = (page, id) => page.locator(`[data-panel="${id}"]`);
const FOLLOW = "d/live/one?last=2m";

/** Waits until every panel says that it is not current, and returns what they say. */
async function allStale(page, timeout = 10_000) {
  await page.waitForFunction(
    () => [...document.querySelectorAll("[data-panel]")].every((panel) => panel.dataset.state === "stale"),
    undefined,
    { timeout },
  );
  return page.locator("[data-panel] .age").allInnerTexts();
}

/** Waits until no panel says that it is not current. */
const allFresh = (page) =>
  page.waitForFunction(
    () => [...document.querySelectorAll("[data-panel]")].every((panel) => panel.dataset.state === "ready"),
    undefined,
    { timeout: 20_000 },
  );

/** The number of the large panel. */
const number = async (page) => Number(await panel(page, "number").locator(".stat__value").innerText());

/** Waits until the last stored sample is on the screen. */
async function showsLast(page) {
  const { value } = last;
  await page.waitForFunction(
    (value) => Number(document.querySelector('[data-panel="number"] .stat__value').textContent) === value,
    value,
    { timeout: 10_000 },
  );
}

/** What a panel holds, as its CSV says it. */
async function held(page, id) {
  const menu = panel(page, id);
  await menu.getByRole("button", { name: /^More about/ }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    menu.getByRole("button", { name: "Save as CSV" }).click(),
  ]);
  return readFile(await file.path(), "utf8");
}

/** Both panels over time equal those of a page that was opened just now and never cut. */
async function equalsFreshPage(page, address) {
  source?.stop();
  await sleep(1_500);
  const fresh = await openPage(browser, `${server.url}${address}`);
  await settledPanels(fresh);
  await new Plot(fresh.page, "rate").exact();
  for (const id of ["rate", "array"]) {
    assert.equal(await held(page, id), await held(fresh.page, id), `${id} of the page that was cut`);
  }
  await fresh.close();
}

/** An address whose window stands still and reaches into the future, so that two pages show the same. */
function standing() {
  const [from, to] = [Date.now() - 100_000, Date.now() + 140_000].map((time) => new Date(time).toISOString());
  return `d/live/one?from=${from}&to=${to}`;
}

test("what is stored is on the screen at once, without asking", async () => {
  // Of an hour an eighth is asked for ahead, which a test does not outlive.
  await on("d/live/one?last=1h", async (page, watched) => {
    await link(page, "connected");
    await sleep(1_500);
    const asked = watched.requests.length;
    for (let round = 0; round < 5; round += 1) {
      await showsLast(page);
      await sleep(300);
    }
    const questions = watched.requests.slice(asked).filter((url) => /envelope|latest|raster/.test(url));
    assert.deepEqual(questions, []);
    assert.match(await panel(page, "rate").locator(".age").innerText(), /^[0-3] s$/);
    await watched.screenshot("live");
    watched.assertNoProblems();
  });
});

test("a late sample of the past appears where it belongs", async () => {
  const address = standing();
  await on(address, async (page) => {
    await link(page, "connected");
    source.stop();
    await sleep(500);
    await store(99, 61_500);
    await sleep(1_000);
    assert.match(await held(page, "rate"), /,99(\.0)?\n/);
    await equalsFreshPage(page, address);
  });
});

test("the window slides with now, stops when the past is touched, and L returns", async () => {
  await on(FOLLOW, async (page) => {
    await link(page, "connected");
    const live = page.locator(".night__live");
    assert.equal(await live.getAttribute("aria-pressed"), "true");
    const plot = new Plot(page, "rate");
    await plot.drag(0.2, 0.5);
    await page.waitForURL(/zoom=/);
    assert.equal(await live.getAttribute("aria-pressed"), "false");
    const zoomed = page.url();
    await sleep(1_500);
    assert.equal(page.url(), zoomed, "the past stays");
    await page.locator("body").press("l");
    await page.waitForURL((url) => !url.searchParams.has("zoom"));
    assert.equal(new URL(page.url()).searchParams.get("last"), "2m");
    await showsLast(page);
    await page.getByRole("button", { name: "Previous range" }).click();
    await page.waitForURL(/from=/);
    await live.click();
    await page.waitForURL(/last=2m/);
    await showsLast(page);
  });
});

test("space pauses everything, says since when, and goes on with all that came meanwhile", async () => {
  const address = standing();
  await on(address, async (page, watched) => {
    await link(page, "connected");
    await showsLast(page);
    await page.locator("body").press(" ");
    const said = await allStale(page);
    for (const text of said) assert.match(text, /^paused since \d\d:\d\d:\d\d$/);
    assert.match(await page.locator(".pill").first().innerText(), /paused since/);
    const before = await number(page);
    await sleep(2_500);
    assert.equal(await number(page), before, "nothing moves");
    await watched.screenshot("live-paused");
    await page.locator("body").press(" ");
    await allFresh(page);
    await showsLast(page);
    await equalsFreshPage(page, address);
  });
});

for (const [fault, begin, state] of [
  ["cut", () => proxy.cut(), /lost|unproven|cut-off/],
  ["held up in silence", () => proxy.hold(), /lost|unproven|cut-off/],
]) {
  test(`a line that is ${fault} is told within seconds by every panel, and nothing is missing afterwards`, async () => {
    const address = standing();
    await on(address, async (page, watched) => {
      await link(page, "connected");
      await showsLast(page);
      begin();
      const said = await allStale(page);
      for (const text of said) assert.match(text, /^(not updated|not received) since \d\d:\d\d:\d\d$/);
      assert.match(await page.locator("[data-connection]").getAttribute("data-connection"), state);
      await sleep(4_000);
      await watched.screenshot(`live-${fault}`);
      proxy.heal();
      await link(page, "connected");
      await allFresh(page);
      await showsLast(page);
      await equalsFreshPage(page, address);
    });
  });
}

test("a WebSocket that is cut or half closed comes back by itself with what was missed", async () => {
  const address = standing();
  await on(address, async (page) => {
    await link(page, "connected");
    for (const fault of [() => proxy.cutSockets(), () => proxy.halfCloseSockets(), () => proxy.cutSockets()]) {
      const before = proxy.nSockets;
      fault();
      await page.waitForFunction(() => document.querySelector("[data-connection]").dataset.connection !== "connected");
      await link(page, "connected");
      assert.ok(proxy.nSockets > before);
    }
    await showsLast(page);
    await equalsFreshPage(page, address);
  });
});

test("a slow line changes nothing but the time", async () => {
  const address = standing();
  await on(address, async (page) => {
    await link(page, "connected");
    proxy.delayMs = 400;
    await sleep(3_000);
    assert.equal(await page.locator("[data-connection]").getAttribute("data-connection"), "connected");
    proxy.delayMs = 0;
    await equalsFreshPage(page, address);
  });
});

test("a proxy without sockets: the page asks, and says so", async () => {
  proxy.refusesUpgrades = true;
  await on(FOLLOW, async (page, watched) => {
    await link(page, "polled");
    assert.match(await page.locator(".pill").first().innerText(), /no live line/);
    const before = await number(page);
    await page.waitForFunction(
      (before) => Number(document.querySelector('[data-panel="number"] .stat__value').textContent) !== before,
      before,
      { timeout: 20_000 },
    );
    await watched.screenshot("live-polled");
    proxy.refusesUpgrades = false;
    await link(page, "connected");
  });
});

test("a server that is killed and started again is caught up with", async () => {
  const address = standing();
  await on(address, async (page) => {
    await link(page, "connected");
    await showsLast(page);
    await server.kill();
    await allStale(page);
    await server.begin();
    await link(page, "connected");
    await allFresh(page);
    await showsLast(page);
    await equalsFreshPage(page, address);
  });
});

test("a server that stands still is told by every panel", async () => {
  await on(FOLLOW, async (page, watched) => {
    await link(page, "connected");
    server.process.signal("SIGSTOP");
    const said = await allStale(page);
    for (const text of said) assert.match(text, /since \d\d:\d\d:\d\d$/);
    await watched.screenshot("live-stopped");
    server.process.signal("SIGCONT");
    await link(page, "connected");
    await allFresh(page);
  });
});

test("a source that falls silent is stale by its interval, while the connection is fine", async () => {
  await on(FOLLOW, async (page, watched) => {
    await link(page, "connected");
    await showsLast(page);
    source.stop();
    const said = await allStale(page);
    for (const text of said) assert.match(text, /^stale since/);
    assert.equal(await page.locator("[data-connection]").getAttribute("data-connection"), "connected");
    await watched.screenshot("live-silent");
    source = startSource();
    await allFresh(page);
  });
});

test("a page that comes back into sight shows no old number as current", async () => {
  await on(FOLLOW, async (page, watched) => {
    await link(page, "connected");
    await showsLast(page);
    const other = await watched.context.newPage();
    await other.bringToFront();
    await sleep(3_000);
    await page.bringToFront();
    await showsLast(page);
    await allFresh(page);
    await other.close();
  });
});

test("the canvas that only its changed parts were drawn on is that of a drawing of all", async () => {
  const address = standing();
  await on(address, async (page) => {
    await link(page, "connected");
    await sleep(4_000);
    source.stop();
    await sleep(1_500);
    const pixels = () =>
      page.evaluate(() => {
        const canvas = document.querySelector('[data-panel="rate"] canvas');
        return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
      });
    // Two themes later it looks the same again, and all of it was drawn anew.
    const grown = await pixels();
    for (const theme of ["dark", "light"]) {
      await page.locator("body").press("t");
      await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, theme);
      await sleep(300);
    }
    const whole = await pixels();
    const differing = grown.filter((value, at) => Math.abs(value - whole[at]) > 24).length / 4;
    // The now-line has gone on meanwhile, by a few pixels of width one.
    assert.ok(differing < 2_000, `${differing} of ${grown.length / 4} pixels differ`);
  });
});
