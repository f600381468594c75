// What the page does while samples come, and while they do not: follow, pause, cuts, silence.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FOLLOW, LiveBoard, allFresh, allStale, held, link, number, panel, standing } from "./support/live_board.mjs";
import { Plot } from "./support/plot.mjs";

let board;

before(async () => {
  board = await LiveBoard.start();
});
afterEach(() => board.heal());
after(() => board?.stop());

const on = (address, work) => board.on(address, work);

test("what is stored is on the screen at once, without asking", async () => {
  // Of an hour an eighth is asked for ahead, which a test does not outlive.
  await on("d/live/one?last=1h", async (page, watched) => {
    await link(page, "connected");
    await sleep(1_500);
    const asked = watched.requests.length;
    for (let round = 0; round < 5; round += 1) {
      await board.showsLast(page);
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
    board.stopSource();
    await sleep(500);
    await board.store(99, 61_500);
    await sleep(1_000);
    assert.match(await held(page, "rate"), /,99(\.0)?\n/);
    await board.equalsFreshPage(page, address);
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
    await board.showsLast(page);
    await page.getByRole("button", { name: "Previous range" }).click();
    await page.waitForURL(/from=/);
    await live.click();
    await page.waitForURL(/last=2m/);
    await board.showsLast(page);
  });
});

test("a tab that opens following now does, as far behind it as its file says", async () => {
  await on("d/live/following", async (page) => {
    await page.waitForURL((url) => url.searchParams.get("last") === "2m" && url.searchParams.get("delay") === "1s");
    assert.equal(await page.locator(".night__live").getAttribute("aria-pressed"), "true");
    const before = await held(page, "rate");
    await page.waitForFunction(() => /^[0-3] s$/.test(document.querySelector("[data-panel] .age").textContent));
    await sleep(1_500);
    assert.notEqual(await held(page, "rate"), before, "it slides");
  });
});

test("space pauses everything, says since when, and goes on with all that came meanwhile", async (t) => {
  const address = standing();
  await on(address, async (page, watched) => {
    await board.isCurrent(page);
    await page.locator("body").press(" ");
    const said = await allStale(page, t);
    for (const text of said) assert.match(text, /^paused since \d\d:\d\d:\d\d$/);
    assert.match(await page.locator(".pill").first().innerText(), /paused since/);
    const before = await number(page);
    await sleep(2_500);
    assert.equal(await number(page), before, "nothing moves");
    await watched.screenshot("live-paused");
    await page.locator("body").press(" ");
    await allFresh(page);
    await board.showsLast(page);
    await board.equalsFreshPage(page, address);
  });
});

for (const [fault, begin, state] of [
  ["cut", () => board.proxy.cut(), /lost|unproven|cut-off/],
  ["held up in silence", () => board.proxy.hold(), /lost|unproven|cut-off/],
]) {
  test(`a line that is ${fault} is told within seconds by every panel, and nothing is missing afterwards`, async (t) => {
    const address = standing();
    await on(address, async (page, watched) => {
      await board.isCurrent(page);
      const since = Date.now();
      begin();
      const said = await allStale(page, t, since);
      for (const text of said) assert.match(text, /^(not updated|not received) since \d\d:\d\d:\d\d$/);
      assert.match(await page.locator("[data-connection]").getAttribute("data-connection"), state);
      await sleep(4_000);
      await watched.screenshot(`live-${fault}`);
      board.proxy.heal();
      await board.isCurrent(page);
      await board.equalsFreshPage(page, address);
    });
  });
}

test("a WebSocket that is cut or half closed comes back by itself with what was missed", async () => {
  const address = standing();
  await on(address, async (page) => {
    await link(page, "connected");
    for (const fault of [() => board.proxy.cutSockets(), () => board.proxy.halfCloseSockets(), () => board.proxy.cutSockets()]) {
      const before = board.proxy.nSockets;
      fault();
      await page.waitForFunction(() => document.querySelector("[data-connection]").dataset.connection !== "connected");
      await link(page, "connected");
      assert.ok(board.proxy.nSockets > before);
    }
    await board.showsLast(page);
    await board.equalsFreshPage(page, address);
  });
});

test("a slow line changes nothing but the time", async () => {
  const address = standing();
  await on(address, async (page) => {
    await link(page, "connected");
    board.proxy.delayMs = 400;
    await sleep(3_000);
    assert.equal(await page.locator("[data-connection]").getAttribute("data-connection"), "connected");
    board.proxy.delayMs = 0;
    await board.equalsFreshPage(page, address);
  });
});

test("a proxy without sockets: the page asks, and says so", async () => {
  board.proxy.refusesUpgrades = true;
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
    board.proxy.refusesUpgrades = false;
    await link(page, "connected");
  });
});

test("a server that is killed and started again is caught up with", async (t) => {
  const address = standing();
  await on(address, async (page) => {
    await board.isCurrent(page);
    const since = Date.now();
    await board.server.kill();
    await allStale(page, t, since);
    await board.server.begin();
    await board.isCurrent(page);
    await board.equalsFreshPage(page, address);
  });
});

test("a server that stands still is told by every panel", async (t) => {
  await on(FOLLOW, async (page, watched) => {
    await link(page, "connected");
    board.server.process.signal("SIGSTOP");
    const said = await allStale(page, t);
    for (const text of said) assert.match(text, /since \d\d:\d\d:\d\d$/);
    await watched.screenshot("live-stopped");
    board.server.process.signal("SIGCONT");
    await link(page, "connected");
    await allFresh(page);
  });
});

test("a source that falls silent is stale by its interval, while the connection is fine", async (t) => {
  await on(FOLLOW, async (page, watched) => {
    await board.isCurrent(page);
    board.stopSource();
    const since = Date.now();
    await page.waitForFunction(() =>
      [...document.querySelectorAll("[data-panel] .age")].every((age) => /^(late|stale)/.test(age.textContent)),
    );
    t.diagnostic(`every panel is late after ${((Date.now() - since) / 1000).toFixed(2)} s, of an interval of 1 s`);
    // By then three of its intervals are over.
    const said = await allStale(page, t, since);
    for (const text of said) assert.match(text, /^stale since/);
    assert.equal(await page.locator("[data-connection]").getAttribute("data-connection"), "connected");
    await watched.screenshot("live-silent");
    board.startSource();
    await allFresh(page);
  });
});

test("a page that comes back into sight shows no old number as current", async () => {
  await on(FOLLOW, async (page, watched) => {
    await board.isCurrent(page);
    const other = await watched.context.newPage();
    await other.bringToFront();
    await sleep(3_000);
    await page.bringToFront();
    await board.showsLast(page);
    await allFresh(page);
    await other.close();
  });
});

test("the canvas that only its changed parts were drawn on is that of a drawing of all", async () => {
  const address = standing();
  await on(address, async (page) => {
    await link(page, "connected");
    await sleep(4_000);
    board.stopSource();
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
