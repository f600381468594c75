// A board of four panels whose source delivers while the page is open, behind a line that can be made faulty.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { launchBrowser, openPage } from "./browser.mjs";
import { FaultyProxy } from "./faulty_proxy.mjs";
import { LiveServer } from "./live_server.mjs";
import { settledPanels } from "./panels.mjs";
import { Plot } from "./plot.mjs";

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

[[tabs]]
id = "following"
title = "Following"
opens_at = "last 2m delay 1s"

[[tabs.panels]]
id = "rate"
type = "timeseries"
title = "Rate"
lines = [{ metric = "live.rate", label = "rate" }]
`;

/** An address that follows. */
export const FOLLOW = "d/live/one?last=2m";

/** An address whose window stands still and reaches into the future, so that two pages show the same. */
export function standing() {
  const [from, to] = [Date.now() - 100_000, Date.now() + 140_000].map((time) => new Date(time).toISOString());
  return `d/live/one?from=${from}&to=${to}`;
}

export class LiveBoard {
  /** The last sample that was stored. */
  last = { value: 0, time: 0 };
  /** What the server has acknowledged: the value of the rate by its time in microseconds. */
  acknowledged = new Map();
  #source;

  /**
   * Starts a server that holds two minutes, a line to it, and a browser.
   *
   * @param {{ store?: string, config?: string }} options `store` is the URL of a database; `config` is added to the file.
   */
  static async start({ store, config = "" } = {}) {
    const board = new LiveBoard();
    board.server = await LiveServer.start({ config: CONFIG + config, dashboards: { live: DASHBOARD }, store });
    for (let ago = 120; ago > 0; ago -= 1) await board.store(ago % 90, ago * 1000);
    await board.store(50);
    board.proxy = await FaultyProxy.start(board.server.url);
    board.browser = await launchBrowser();
    return board;
  }

  /** Stores a frame of both metrics at a moment, `ago` milliseconds before now. */
  async store(value, ago = 0) {
    const at = Date.now() - ago;
    const time = new Date(at).toISOString();
    await this.server.post([
      { metric: "live.rate", time, values: [value] },
      { metric: "live.array", time, values: Array.from({ length: 8 }, (_, place) => (value + place * 10) % 100) },
    ]);
    this.acknowledged.set(at * 1000, value);
    if (ago === 0) this.last = { value, time };
  }

  /** Delivers twice a second, until it is told to stop. */
  startSource() {
    this.stopSource();
    let value = 0;
    this.#source = setInterval(() => {
      value = (value + 7) % 90;
      // A server that is being killed takes nothing; a source would try again.
      this.store(value).catch(() => {});
    }, 500);
  }

  stopSource() {
    clearInterval(this.#source);
  }

  /** Ends what is wrong with the line, and the source. */
  heal() {
    this.stopSource();
    this.proxy.heal();
    this.proxy.delayMs = 0;
    this.proxy.refusesUpgrades = false;
  }

  async stop() {
    this.stopSource();
    await this.browser?.close();
    await this.proxy?.stop();
    await this.server?.stop();
  }

  /** Opens an address through the line while the source delivers, and closes it again. */
  async on(address, work, options) {
    // Since the last page the source may have been silent for long enough to be stale.
    await this.store(0);
    this.startSource();
    const watched = await openPage(this.browser, `${this.proxy.url}${address}`, options);
    try {
      await settledPanels(watched);
      await work(watched.page, watched);
    } finally {
      await watched.close();
    }
  }

  /** Waits until the last stored sample is on the screen. */
  async showsLast(page) {
    const { value } = this.last;
    await page.waitForFunction(
      (value) => Number(document.querySelector('[data-panel="number"] .stat__value').textContent) === value,
      value,
      { timeout: 10_000 },
    );
  }

  /** Waits until the line is up, every panel is current, and the last stored sample is on the screen. */
  async isCurrent(page) {
    await link(page, "connected");
    await allFresh(page);
    await this.showsLast(page);
  }

  /** Both panels over time equal those of a page that was opened just now and never cut. */
  async equalsFreshPage(page, address) {
    this.stopSource();
    await sleep(1_500);
    const fresh = await openPage(this.browser, `${this.server.url}${address}`);
    await settledPanels(fresh);
    await new Plot(fresh.page, "rate").exact();
    for (const id of ["rate", "array"]) {
      assert.equal(await held(page, id), await held(fresh.page, id), `${id} of the page that was cut`);
    }
    await fresh.close();
  }
}

/** Waits until the pill says how it stands with the way to the server. */
export const link = (page, state) => page.locator(`[data-connection="${state}"]`).waitFor({ timeout: 20_000 });

export const panel = (page, id) => page.locator(`[data-panel="${id}"]`);

/** The number of the large panel. */
export const number = async (page) => Number(await panel(page, "number").locator(".stat__value").innerText());

/**
 * Waits until every panel says that it is not current, and returns what they say.
 *
 * How long that takes, from `since` on, is told to `test` and not judged: the machine may be busy. It has to be within 3 s.
 */
export async function allStale(page, test, since = Date.now()) {
  await page.waitForFunction(
    () => [...document.querySelectorAll("[data-panel]")].every((panel) => panel.dataset.state === "stale"),
    undefined,
    { timeout: 10_000 },
  );
  test.diagnostic(`every panel says so after ${((Date.now() - since) / 1000).toFixed(2)} s`);
  return page.locator("[data-panel] .age").allInnerTexts();
}

/** Waits until no panel says that it is not current. */
export const allFresh = (page) =>
  page.waitForFunction(
    () => [...document.querySelectorAll("[data-panel]")].every((panel) => panel.dataset.state === "ready"),
    undefined,
    { timeout: 20_000 },
  );

/** What a panel holds, as its CSV says it. */
export async function held(page, id) {
  const menu = panel(page, id);
  await menu.getByRole("button", { name: /^More about/ }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    menu.getByRole("button", { name: "Save as CSV" }).click(),
  ]);
  return readFile(await file.path(), "utf8");
}
