// What the page says while the database is gone or stands still, and what it shows when the database is back.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openPage } from "./support/browser.mjs";
import { FOLLOW, LiveBoard, allFresh, allStale, link, number, panel, standing } from "./support/live_board.mjs";
import { Postgres } from "./support/postgres.mjs";
import { until } from "./support/waiting.mjs";

const ALARM = `
[alarms.rate-high]
title = "Rate too high"
kind = "threshold"
metric = "live.rate"
above = 1000.0
`;

let database;
let board;

before(async () => {
  database = await Postgres.start();
  board = await LiveBoard.start({ store: database.url, config: ALARM });
});
afterEach(async () => {
  board.heal();
  // Also after a test that failed in the middle.
  database.thaw();
  if (!(await database.runs())) await database.begin();
});
after(async () => {
  await board?.stop();
  await database?.stop();
});

/** Waits until a part of the top bar says something. */
const says = (page, selector, pattern) =>
  page.locator(selector).filter({ hasText: pattern }).first().waitFor();

/** Everything that was acknowledged is in the database, as it was written. */
async function nothingIsLost() {
  const stored = new Map();
  const from = new Date(Math.min(...board.acknowledged.keys()) / 1000).toISOString();
  let cursor = "";
  do {
    const query = `metric=live.rate&channels=0&from=${from}&to=2100-01-01T00:00:00Z&limit=1000${cursor}`;
    const answer = await fetch(`${board.server.url}api/v1/samples?${query}`, { headers: { accept: "application/json" } });
    assert.equal(answer.status, 200);
    const { samples, next } = await answer.json();
    for (const { time_us, value } of samples) stored.set(time_us, value);
    cursor = next ? `&cursor=${encodeURIComponent(next)}` : undefined;
  } while (cursor);
  for (const [time, value] of board.acknowledged) assert.equal(stored.get(time), value, `the sample at ${time} µs`);
}

const isRefused = (write) => assert.rejects(write, /503 .*store/);

// A write that a database neither takes nor refuses waits for a while: nobody knows yet whether it was stored.
for (const [fault, begin, end, writes] of [
  ["is stopped", () => database.end("fast"), () => database.begin(), isRefused],
  ["crashes", () => database.end("immediate"), () => database.begin(), isRefused],
  ["stands still", () => database.freeze(), () => database.thaw(), (write) => ({ write })],
]) {
  test(`a database that ${fault} is told by every panel, and forgotten when it is back`, async (t) => {
    const address = standing();
    await board.on(address, async (page, watched) => {
      await board.isCurrent(page);
      await page.locator('.bell [data-alarm="ok"]').waitFor();
      const since = Date.now();
      await begin();
      await allStale(page, t, /^store down since \d\d:\d\d:\d\d$/, since);
      await link(page, "store-down");
      await says(page, "[data-connection]", /^store not reachable since \d\d:\d\d:\d\d$/);
      await says(page, ".bell", /not known since/);
      await says(page, ".silence", /\?/);
      t.diagnostic(`bell and streams say so after ${((Date.now() - since) / 1000).toFixed(2)} s`);
      const waiting = await writes(board.store(91));
      // What was there stays, as old: nothing of it is shown as gone.
      assert.ok(Number.isFinite(await number(page)));
      await watched.screenshot(`store-${fault}`);
      await sleep(4_000);
      for (const id of ["rate", "array", "number", "table"]) {
        assert.equal(await panel(page, id).getAttribute("data-state"), "stale", id);
      }
      await end();
      await waiting?.write;
      await link(page, "connected");
      await allFresh(page);
      await says(page, '.bell [data-alarm="ok"]', /0/);
      await page.locator(".silence").waitFor({ state: "detached" });
      await board.store(33);
      await board.equalsFreshPage(page, address);
      await nothingIsLost();
    });
  });
}

test("a page that asks a database that is gone shows an error and not an empty night, and mends it by itself", async () => {
  await board.on(FOLLOW, async (page, watched) => {
    await board.isCurrent(page);
    await database.end("fast");
    await link(page, "store-down");
    await page.getByRole("button", { name: "Previous range" }).click();
    await page.waitForURL(/from=/);
    for (const id of ["rate", "array"]) {
      await page.locator(`[data-panel="${id}"]:is([data-state="error"], [data-state="stale"])`).waitFor();
    }
    const body = panel(page, "rate").locator(".panel__body");
    await body.filter({ hasText: /store/i }).waitFor();
    assert.doesNotMatch(await body.innerText(), /no data/i);
    await watched.screenshot("store-asked");
    await database.begin();
    await link(page, "connected");
    for (const id of ["rate", "array"]) {
      await page.locator(`[data-panel="${id}"]:is([data-state="ready"], [data-state="empty"])`).waitFor();
    }
  });
});

test("a page that is opened while the database is gone says so, and fills when it is back", async () => {
  await database.end("fast");
  await until("the server knows it", async () => !(await fetch(`${board.server.url}ready`)).ok);
  const watched = await openPage(board.browser, `${board.server.url}${FOLLOW}`);
  const { page } = watched;
  const told = page.getByRole("alert");
  await told.waitFor();
  assert.match(await told.innerText(), /could not be loaded[^]*store/);
  await watched.screenshot("store-opened");
  await database.begin();
  await link(page, "connected");
  board.startSource();
  await board.isCurrent(page);
  await watched.close();
});
