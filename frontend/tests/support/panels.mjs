// The panels of a page, by the contract: every panel element carries data-panel and data-state.

/** States in which a panel has said all it has to say. */
const SETTLED = ["ready", "empty", "stale"];

/**
 * The visible panels in the order of the page.
 *
 * @param {import("playwright-core").Page} page
 * @returns {Promise<{ id: string, state: string }[]>}
 */
export function panels(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("[data-panel]")]
      .filter((panel) => panel.checkVisibility())
      .map((panel) => ({ id: panel.dataset.panel, state: panel.dataset.state })),
  );
}

/**
 * Waits until every panel of the visible tab has settled, and returns them.
 *
 * On failure the error names the panels that did not, and where the picture of the page is.
 *
 * @param {import("./browser.mjs").WatchedPage} watched
 */
export async function settledPanels(watched, { timeoutMs = 30_000 } = {}) {
  const { page } = watched;
  try {
    await page.waitForFunction(
      (settled) => {
        const all = [...document.querySelectorAll("[data-panel]")].filter((panel) => panel.checkVisibility());
        return all.length > 0 && all.every((panel) => settled.includes(panel.dataset.state));
      },
      SETTLED,
      { timeout: timeoutMs },
    );
  } catch {
    const list = (await panels(page)).map(({ id, state }) => `${id}: ${state}`).join(", ") || "there is none";
    const picture = await watched.screenshot(`panels-${Date.now()}`);
    const problems = watched.problems.map((problem) => `\n  ${problem}`).join("");
    throw new Error(`not all panels are ready after ${timeoutMs / 1000} s: ${list}; see ${picture}${problems}`);
  }
  return panels(page);
}

/** The names of the performance marks that the page has set. */
export function marks(page) {
  return page.evaluate(() => performance.getEntriesByType("mark").map((mark) => mark.name));
}

/** Waits for one mark; `panel:<id>:drawn` or `page:complete`. */
export async function waitForMark(page, name, { timeoutMs = 30_000 } = {}) {
  await page.waitForFunction((mark) => performance.getEntriesByName(mark, "mark").length > 0, name, {
    timeout: timeoutMs,
  });
}
