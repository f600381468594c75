// A board of four panels whose source delivers while the page is open, behind a line that can be made faulty.

import { readFile } from "node:fs/promises";
import { launchBrowser, openPage } from "./browser.mjs";
import { dashboard, site } from "./dashboard.mjs";
import { FaultyProxy } from "./faulty_proxy.mjs";
import { LiveServer } from "./live_server.mjs";
import { settledPanels } from "./panels.mjs";
import { Plot } from "./plot.mjs";
import { becomes, until } from "./waiting.mjs";

const CONFIG = `${site("Live")}
[metrics."live.rate"]
interval = "1s"
unit = "Hz"
title = "Rate"

[metrics."live.array"]
interval = "1s"
unit = "V"
title = "Array"
`;

const RATE = { id: "rate", type: "timeseries", title: "Rate", lines: [{ metric: "live.rate", label: "rate" }] };

const DASHBOARD = dashboard(
  "Live",
  {
    id: "one",
    title: "One",
    panels: [
      { ...RATE, width: 6, low: 0, high: 100 },
      {
        id: "array",
        type: "heatmap",
        title: "Array",
        width: 6,
        metric: "live.array",
        scale: { low: 0, high: 100 },
      },
      { id: "number", type: "stat", title: "Number", width: 6, metric: "live.rate" },
      { id: "table", type: "latest", title: "Table", width: 6, metrics: ["live.rate", "live.array"] },
    ],
  },
  { id: "following", title: "Following", opens_at: "last 2m delay 1s", panels: [RATE] },
);

/** An address that follows. */
export const FOLLOW = "d/live/one?last=2m";

/** An address whose window stands still and reaches into the future, so that two pages show the same. */
export function standing() {
  const [from, to] = [Date.now() - 100_000, Date.now() + 140_000].map((time) => new Date(time).toISOString());
  return `d/live/one?from=${from}&to=${to}`;
}

export class LiveBoard {
  /** The rates of now that were stored, in their order. */
  #stored = [];
  /** What the server has acknowledged: the value of the rate by its time in microseconds. */
  acknowledged = new Map();
  #source;
  /** What is on its way to the server. */
  #writes = new Set();

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
    if (ago === 0) this.#stored.push(value);
  }

  /** Delivers twice a second, until it is told to stop. */
  startSource() {
    this.stopSource();
    let value = 0;
    this.#source = setInterval(() => {
      value = (value + 7) % 90;
      // A server that is being killed takes nothing; a source would try again.
      const write = this.store(value)
        .catch(() => {})
        .finally(() => this.#writes.delete(write));
      this.#writes.add(write);
    }, 500);
  }

  stopSource() {
    clearInterval(this.#source);
  }

  /** Stops the source, and waits until the server has answered to all that was under way. */
  async silence() {
    this.stopSource();
    await Promise.all(this.#writes);
  }

  /** Ends what is wrong with the line and the server, and the source. */
  heal() {
    this.stopSource();
    this.server.process.signal("SIGCONT");
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

  /** Waits until a sample that is stored from now on is on the screen; the source has to deliver. */
  async showsNew(page) {
    const n = this.#stored.length;
    // The page may be too busy to show each of them.
    await until("a new sample is on the screen", async () => this.#stored.slice(n).includes(await number(page)));
  }

  /** Waits until the line is up, every panel is current, and what is stored from now on comes to the screen. */
  async isCurrent(page) {
    await link(page, "connected");
    await allFresh(page);
    await this.showsNew(page);
  }

  /** Both panels over time come to equal those of a page that was opened just now and never cut. */
  async equalsFreshPage(page, address) {
    await this.silence();
    const fresh = await openPage(this.browser, `${this.server.url}${address}`);
    await settledPanels(fresh);
    for (const id of ["rate", "array"]) {
      await new Plot(fresh.page, id).exact();
      await becomes(() => held(page, id), await held(fresh.page, id));
    }
    await fresh.close();
  }
}

/** Waits until the pill says how it stands with the way to the server. */
export const link = (page, state) => page.locator(`[data-connection="${state}"]`).waitFor({ timeout: 30_000 });

export const panel = (page, id) => page.locator(`[data-panel="${id}"]`);

/** The number of the large panel. */
export const number = async (page) => Number(await panel(page, "number").locator(".stat__value").innerText());

/**
 * Waits until every panel says that it is not current, and why.
 *
 * How long that takes, from `since` on, is told to `test` and not judged: the machine may be busy. It has to be within 3 s.
 */
export async function allStale(page, test, why, since = Date.now()) {
  await allSay(page, "stale", why);
  test.diagnostic(`every panel says so after ${((Date.now() - since) / 1000).toFixed(2)} s`);
}

/** Waits until no panel says that it is not current. */
export const allFresh = (page) => allSay(page, "ready", /^/);

/** Waits until every panel is in a state and says something that matches beside its title. */
async function allSay(page, state, pattern) {
  const told = () =>
    page.locator("[data-panel]").evaluateAll((all) =>
      all.map((panel) => `${panel.dataset.panel} is ${panel.dataset.state}: ${panel.querySelector(".age")?.textContent}`),
    );
  try {
    await page.waitForFunction(
      ([state, pattern]) =>
        [...document.querySelectorAll("[data-panel]")].every((panel) => {
          const age = panel.querySelector(".age")?.textContent ?? "";
          return panel.dataset.state === state && new RegExp(pattern).test(age);
        }),
      [state, pattern.source],
      { timeout: 30_000 },
    );
  } catch (error) {
    throw new Error(`not every panel is ${state} by ${pattern}: ${await told()}`, { cause: error });
  }
}

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
