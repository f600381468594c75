// What the page does while samples come, and while they do not: follow, pause, cuts, silence.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FOLLOW, LiveBoard, allFresh, allStale, held, link, number, panel, standing } from "./support/live_board.mjs";
import { differingWhenDrawnAnew } from "./support/pixels.mjs";
import { Plot } from "./support/plot.mjs";
import { becomes, nextFrames, steady, until } from "./support/waiting.mjs";

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
    const questions = () => watched.requests.filter((url) => /envelope|latest|raster/.test(url)).length;
    await board.isCurrent(page);
    const asked = await steady("what the page has asked", questions, 1_500);
    for (let round = 0; round < 5; round += 1) await board.showsNew(page);
    assert.equal(questions(), asked);
    await panel(page, "rate").locator(".age", { hasText: /^[0-3] s$/ }).waitFor();
    await watched.screenshot("live");
    watched.assertNoProblems();
  });
});

test("a late sample of the past appears where it belongs", async () => {
  const address = standing();
  await on(address, async (page) => {
    await board.isCurrent(page);
    await board.silence();
    await board.store(99, 61_500);
    await becomes(() => held(page, "rate"), /,99(\.0)?\n/);
    await board.equalsFreshPage(page, address);
  });
});

test("the window slides with now, stops when the past is touched, and L returns", async () => {
  await on(FOLLOW, async (page) => {
    await board.isCurrent(page);
    const live = page.locator(".night__live");
    const follows = (does) => page.locator(`.night__live[aria-pressed="${does}"]`).waitFor();
    await follows(true);
    const plot = new Plot(page, "rate");
    await plot.drag(0.2, 0.5);
    await page.waitForURL(/zoom=/);
    await follows(false);
    const zoomed = page.url();
    await sleep(1_500);
    assert.equal(page.url(), zoomed, "the past stays");
    await page.locator("body").press("l");
    await page.waitForURL((url) => !url.searchParams.has("zoom") && url.searchParams.get("last") === "2m");
    await board.showsNew(page);
    await page.getByRole("button", { name: "Previous range" }).click();
    await page.waitForURL(/from=/);
    await live.click();
    await page.waitForURL(/last=2m/);
    await board.showsNew(page);
  });
});

test("a tab that opens following now does, as far behind it as its file says", async () => {
  await on("d/live/following", async (page) => {
    await page.waitForURL((url) => url.searchParams.get("last") === "2m" && url.searchParams.get("delay") === "1s");
    await page.locator('.night__live[aria-pressed="true"]').waitFor();
    const before = await held(page, "rate");
    await panel(page, "rate").locator(".age", { hasText: /^[0-3] s$/ }).waitFor();
    await until("it slides", async () => (await held(page, "rate")) !== before);
  });
});

test("space pauses everything, says since when, and goes on with all that came meanwhile", async (t) => {
  const address = standing();
  await on(address, async (page, watched) => {
    await board.isCurrent(page);
    await page.locator("body").press(" ");
    await allStale(page, t, /^paused since \d\d:\d\d:\d\d$/);
    await page.locator(".pill", { hasText: /paused since/ }).first().waitFor();
    const before = await number(page);
    await sleep(2_500);
    assert.equal(await number(page), before, "nothing moves");
    await watched.screenshot("live-paused");
    await page.locator("body").press(" ");
    await allFresh(page);
    await board.showsNew(page);
    await board.equalsFreshPage(page, address);
  });
});

/** What the pill says of a line that nothing comes by. */
const CUT = '[data-connection="lost"], [data-connection="unproven"], [data-connection="cut-off"]';

for (const [fault, begin] of [
  ["cut", () => board.proxy.cut()],
  ["held up in silence", () => board.proxy.hold()],
]) {
  test(`a line that is ${fault} is told within seconds by every panel, and nothing is missing afterwards`, async (t) => {
    const address = standing();
    await on(address, async (page, watched) => {
      await board.isCurrent(page);
      const since = Date.now();
      begin();
      await allStale(page, t, /^(not updated|not received) since \d\d:\d\d:\d\d$/, since);
      await page.locator(CUT).waitFor();
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
    await board.isCurrent(page);
    for (const fault of [() => board.proxy.cutSockets(), () => board.proxy.halfCloseSockets(), () => board.proxy.cutSockets()]) {
      const before = board.proxy.nSockets;
      fault();
      // That the page is without a line may pass before anybody sees it; that it has another one stays.
      await until("the page opens another socket", () => board.proxy.nSockets > before);
      await board.isCurrent(page);
    }
    await board.equalsFreshPage(page, address);
  });
});

test("a slow line changes nothing but the time", async () => {
  const address = standing();
  await on(address, async (page) => {
    await board.isCurrent(page);
    board.proxy.delayMs = 400;
    await sleep(3_000);
    await board.isCurrent(page);
    board.proxy.delayMs = 0;
    await board.equalsFreshPage(page, address);
  });
});

test("a proxy without sockets: the page asks, and says so", async () => {
  board.proxy.refusesUpgrades = true;
  await on(FOLLOW, async (page, watched) => {
    await link(page, "polled");
    await page.locator(".pill", { hasText: /no live line/ }).first().waitFor();
    await board.showsNew(page);
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
    await allStale(page, t, /since \d\d:\d\d:\d\d$/, since);
    await board.server.begin();
    await board.isCurrent(page);
    await board.equalsFreshPage(page, address);
  });
});

test("a server that stands still is told by every panel", async (t) => {
  await on(FOLLOW, async (page, watched) => {
    await board.isCurrent(page);
    board.server.process.signal("SIGSTOP");
    await allStale(page, t, /since \d\d:\d\d:\d\d$/);
    await watched.screenshot("live-stopped");
    board.server.process.signal("SIGCONT");
    await board.isCurrent(page);
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
    await allStale(page, t, /^stale since/, since);
    await link(page, "connected");
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
    await board.isCurrent(page);
    await other.close();
  });
});

test("the canvas that only its changed parts were drawn on is that of a drawing of all", async () => {
  await on(standing(), async (page) => {
    for (let grown = 0; grown < 6; grown += 1) await board.showsNew(page);
    await board.silence();
    await steady("what is held", () => held(page, "rate"));
    await nextFrames(page);
    const { differing, of } = await differingWhenDrawnAnew(page, "rate");
    // The now-line has gone on meanwhile, by a few pixels of width one.
    assert.ok(differing < 2_000, `${differing} of ${of} pixels differ`);
  });
});
