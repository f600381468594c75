// The page under measurement. Panels are known by `data-panel`, their pictures by the marks that the page sets.

import { Late, median, openWindow, quantile, within, withBrowser } from "./browser.mjs";

/** How long a page may take to be complete. */
const PATIENCE_S = 60;

/** Our page on a server. */
export class Ours {
  constructor(url) {
    this.url = url;
  }

  address(tab, query) {
    return `${this.url}/d/bench/${tab}?${query}`;
  }

  /**
   * Opens a tab in a browser that knows nothing of it, and gives what `work` makes of it.
   *
   * An error tells of panels that failed or did not come.
   */
  async opened(tab, query, work, { throttle } = {}) {
    return withBrowser(async (browser) => {
      const window = await openWindow(browser);
      await window.countBytes();
      if (throttle) await window.throttle(throttle);
      await window.page.goto(this.address(tab, query), { waitUntil: "commit" });
      const complete = await this.complete(window, 0);
      return work(window, complete);
    });
  }

  /** Waits until all panels of the tab are painted; an error if one shows no data. */
  async complete(window, since) {
    const waited = window.page.evaluate((from) => window.watchroomProbe.nextMark("page:complete", from), since);
    let mark;
    try {
      mark = await within(PATIENCE_S, "the page", waited);
    } catch (error) {
      if (!(error instanceof Late)) throw error;
      throw new Error(`${error.message} until all panels were drawn: ${await told(window)}`);
    }
    const panels = await states(window);
    if (panels.length === 0 || panels.some(({ state }) => state !== "ready" && state !== "stale")) {
      throw new Error(`not all panels show data: ${await told(window)}`);
    }
    return mark;
  }

  /** A night of nine panels, from the address to the last picture. */
  async night(tab, query, rounds, options) {
    // Once for the server's caches.
    await this.opened(tab, query, async () => {});
    const all = [];
    for (let round = 0; round < rounds; round += 1) {
      all.push(
        await this.opened(
          tab,
          query,
          async (window, complete) => {
            const { bytes } = window;
            const { first, tasks } = await window.page.evaluate((until) => {
              const { marks, longTasks } = window.watchroomProbe;
              const panels = marks.filter(({ name, painted }) => /^panel:.*:drawn$/.test(name) && painted !== null);
              return {
                first: Math.min(...panels.map(({ painted }) => painted)),
                tasks: longTasks.filter(({ startTime }) => startTime < until).map(({ duration }) => duration),
              };
            }, complete.painted);
            return {
              complete: complete.painted,
              first,
              bytes,
              longest: Math.max(0, ...tasks),
              blocked: tasks.reduce((sum, duration) => sum + duration - 50, 0),
            };
          },
          options,
        ),
      );
    }
    const middle = (key) => median(all.map((one) => one[key]));
    return Object.fromEntries(Object.keys(all[0]).map((key) => [key, middle(key)]));
  }

  /** Another tab of a page that is open: from the address to the picture, the server being warm. */
  async switched(tab, query, panel, rounds, look = async () => {}) {
    // Once for the server's caches.
    await this.opened(tab, query, async () => {});
    const times = [];
    for (let round = 0; round < rounds; round += 1) {
      await this.opened("start", FIRST_NIGHT, async (window) => {
        const drawn = window.page.evaluate(
          async ({ address, name }) => {
            await window.watchroomProbe.painted();
            const start = performance.now();
            history.pushState(null, "", address);
            dispatchEvent(new PopStateEvent("popstate"));
            const mark = await window.watchroomProbe.nextMark(name, start);
            return mark.painted - start;
          },
          { address: this.address(tab, query), name: `panel:${panel}:drawn` },
        );
        try {
          times.push(await within(PATIENCE_S, `panel ${panel}`, drawn));
        } catch (error) {
          throw error instanceof Late ? new Error(`${error.message}: ${await told(window)}`) : error;
        }
        await this.complete(window, 0);
        if (round === 0) await look(window);
      });
    }
    return median(times);
  }

  /** Zooms in and out of a panel by the wheel: frames to the stretched picture, milliseconds to the exact one. */
  async zooms(tab, query, panel, places) {
    return this.opened(tab, query, async (window) => {
      const { page } = window;
      const box = await stage(page, panel);
      const all = [];
      for (const [index, place] of places.entries()) {
        // Six notches further in, six back out, and so on: from a night to minutes.
        const turn = Math.floor(index / 6) % 2 === 0 ? -240 : 240;
        await page.mouse.move(box.x + box.width * place, box.y + box.height / 2);
        await page.evaluate(() => window.watchroomProbe.painted());
        const since = await page.evaluate(() => performance.now());
        await page.mouse.wheel(0, turn);
        const exact = page.evaluate(
          async ({ name, from }) => {
            const probe = window.watchroomProbe;
            const mark = await probe.nextMark(name, from);
            return { frames: probe.firstDraw, exact: mark.painted - probe.input.at };
          },
          { name: `panel:${panel}:drawn`, from: since },
        );
        all.push(await within(PATIENCE_S, `an exact picture after zoom ${index + 1}`, exact));
      }
      await this.complete(window, 0);
      const numbers = (key) => all.map((one) => one[key]).filter((one) => one !== null && !Number.isNaN(one));
      if (numbers("frames").length < all.length) throw new Error("a zoom did not stretch the picture at once");
      return {
        frames: Math.max(...numbers("frames")),
        median: median(numbers("exact")),
        p95: quantile(numbers("exact"), 0.95),
      };
    });
  }

  /** How long moves of the mouse over a panel take until they are painted. */
  async hovers(tab, query, panel, moves) {
    return this.opened(tab, query, async (window) => hover(window, await stage(window.page, panel), moves));
  }

  /** Megabytes after some nights, and after all; nine panels, stepped back by the arrow key. */
  async heap(tab, query, nights) {
    return this.opened(tab, query, async (window) => {
      const { page } = window;
      let early = Number.NaN;
      for (let step = 1; step < nights; step += 1) {
        const since = await page.evaluate(() => performance.now());
        await page.keyboard.press("ArrowLeft");
        await this.complete(window, since);
        if (step === Math.min(5, nights - 2)) early = await window.heapMb();
      }
      return { early, late: await window.heapMb() };
    });
  }

  /** How large the picture of a panel is, in CSS pixels. */
  async size(tab, query, panel) {
    return this.opened(tab, query, async (window) => {
      const { width, height } = await stage(window.page, panel);
      return { width: Math.round(width), height: Math.round(height) };
    });
  }
}

/** The first night of the data set. */
export const FIRST_NIGHT = "night=2024-06-01";

/** How long the page may go on with a move, in milliseconds. */
const MOVE_MS = 150;

/**
 * Moves the mouse over a box: how long each move took until the next frame was painted, and how long it kept the main
 * thread, what a library puts off to later frames included.
 */
export async function hover(window, box, moves) {
  const { page } = window;
  const pause = () => new Promise((resolve) => setTimeout(resolve, MOVE_MS));
  const busy = async (act) => {
    const before = await window.taskMs();
    for (let move = 0; move < moves; move += 1) await act(move);
    return ((await window.taskMs()) - before) / moves;
  };
  const idle = await busy(pause);
  const moving = await busy(async (move) => {
    // In steps that do not repeat: each shows another sample.
    const part = 0.1 + 0.8 * ((move * 0.381966) % 1);
    await page.mouse.move(box.x + box.width * part, box.y + box.height * (0.3 + 0.4 * part));
    await pause();
  });
  const times = await page.evaluate(() => window.watchroomProbe.hovers);
  return { median: median(times), p95: quantile(times, 0.95), busy: Math.max(0, moving - idle) };
}

async function stage(page, panel) {
  const found = page.locator(`[data-panel="${panel}"] canvas`).first();
  await found.scrollIntoViewIfNeeded();
  const box = await found.boundingBox();
  if (!box) throw new Error(`panel ${panel} has no canvas in sight`);
  return box;
}

function states({ page }) {
  return page.evaluate(() =>
    [...document.querySelectorAll("[data-panel]")].map((panel) => ({
      id: panel.dataset.panel,
      kind: panel.dataset.kind,
      state: panel.dataset.state,
      says: panel.querySelector(".panel__instead")?.innerText.replaceAll(/\s+/g, " ") ?? "",
    })),
  );
}

/** What the panels say of themselves, for an error. */
async function told(window) {
  const panels = await within(5, "asking the panels", states(window)).catch((error) => error.message);
  if (typeof panels === "string") return panels;
  const list = panels
    .filter(({ state }) => state !== "ready")
    .map(({ id, kind, state, says }) => `panel ${id} (${kind}) is in state ${state}${says && `: ${says}`}`);
  return [...list, ...window.problems].join("; ") || "all are ready, but one did not set its mark";
}
