// Every kind of panel in every state, and every tab of the example dashboards, as all people read them: in three themes, with
// a screen reader's eyes, by keyboard, on a phone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seriousFindings } from "./support/axe.mjs";
import { panels, settledPanels } from "./support/panels.mjs";
import { brightest } from "./support/pixels.mjs";
import { startServer } from "./support/server.mjs";
import { useSession } from "./support/session.mjs";
import { becomes } from "./support/waiting.mjs";

const TABS = [
  "gallery/ready",
  "gallery/empty",
  "gallery/error",
  "gallery/stale",
  "lst/pixels",
  "lst/rates",
  "lst/busy",
  "lst/camera",
  "lst/latest",
  "jobs",
];

const SETTLED = ["ready", "empty", "stale", "error"];

const session = useSession(() => startServer(), { below: "d/", settled, isExpected });
const { on } = session;

/** A question about a metric that does not exist is answered with 404, which the browser writes into its console. */
function isExpected(place, problem) {
  return place.startsWith("gallery/error") && /(^request: 404 |status of 404 ).*gallery\.missing/.test(problem);
}

async function settled(watched) {
  try {
    await watched.page.waitForFunction(
      (states) => {
        const all = [...document.querySelectorAll("[data-panel]")];
        return all.length > 0 && all.every((panel) => states.includes(panel.dataset.state));
      },
      SETTLED,
      { timeout: 30_000 },
    );
  } catch {
    const list = (await panels(watched.page)).map(({ id, state }) => `${id}: ${state}`).join(", ");
    throw new Error(`not all panels have settled after 30 s: ${list}; see ${await watched.screenshot("unsettled")}`);
  }
}

/** What is about now has an old value, whatever night is open; and text has no data. */
function allowed(id, state) {
  if (id === "beside" || id === "text") return ["ready"];
  if (state === "empty" && id.startsWith("latest")) return ["stale"];
  return [state];
}

for (const state of ["ready", "empty", "error", "stale"]) {
  test(`every kind of panel can be ${state}, and leaves the panel beside it alone`, async () => {
    await on(`gallery/${state}`, async (page, watched) => {
      await watched.screenshot(`gallery-${state}`);
      // The first answer of some is not their last word.
      const unexpected = async () => (await panels(page)).filter(({ id, state: is }) => !allowed(id, state).includes(is));
      await becomes(unexpected, []);
      const shown = await panels(page);
      assert.ok(shown.length >= 10, `only ${shown.length} panels`);
    });
  });
}

test("every kind of panel says that it is loading until its first answer comes", async () => {
  const context = await session.browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(/api\/v1\/(envelope|raster|latest|samples)/, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await page.goto(new URL("d/gallery/ready", session.server.url).href);
  await page.waitForFunction(() => document.querySelectorAll("[data-panel]").length >= 10);
  const asking = (await panels(page)).filter(({ id }) => id !== "text");
  assert.deepEqual(new Set(asking.map(({ state }) => state)), new Set(["loading"]));
  release();
  await page.waitForFunction(() =>
    [...document.querySelectorAll("[data-panel]")].every((panel) => panel.dataset.state === "ready"),
  );
  await context.close();
});

for (const theme of ["dark", "light"]) {
  for (const place of TABS) {
    test(`axe finds nothing serious on ${place} in the ${theme} theme`, async () => {
      await on(`${place}?theme=${theme}`, async (page, watched) => {
        await watched.screenshot(`${theme}-${place}`);
        assert.deepEqual(await seriousFindings(page), []);
      });
    });
  }
}

for (const place of TABS) {
  test(`in the red theme no pixel of ${place} has green or blue`, async () => {
    await on(`${place}?theme=red`, async (page, watched) => {
      await watched.screenshot(`red-${place}`);
      const [red, green, blue] = await brightest(session.browser, await page.screenshot({ fullPage: true }));
      assert.deepEqual([green, blue], [0, 0]);
      assert.ok(red > 200, "something is there to be read");
    });
  });

  test(`a phone shows ${place} in its width`, async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    await on(
      place,
      async (page, watched) => {
        await watched.screenshot(`phone-${place}`);
        const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(content <= window, `${content} pixels wide`);
      },
      phone,
    );
  });
}

test("every panel is reached by the Tab key, and what has the focus is seen to have it", async () => {
  await on("gallery/ready", async (page) => {
    // A number and words are read, not worked with.
    const ids = (await panels(page)).map(({ id }) => id).filter((id) => id !== "text" && id !== "stat");
    const reached = new Set();
    const unseen = new Set();
    for (let step = 0; step < 1200 && ids.some((id) => !reached.has(id)); step += 1) {
      await page.keyboard.press("Tab");
      const focus = await page.evaluate(() => {
        const element = document.activeElement;
        const panel = element.closest("[data-panel]");
        // A list within a frame that scrolls is outlined by that frame.
        let isSeen = false;
        for (let shown = element; shown && shown !== panel; shown = shown.parentElement) {
          const style = getComputedStyle(shown);
          isSeen ||= style.outlineStyle !== "none" || (shown === element && style.boxShadow !== "none");
        }
        return { panel: panel?.dataset.panel, isSeen, html: element.outerHTML.slice(0, 120) };
      });
      if (focus.panel !== undefined) {
        if (!focus.isSeen) unseen.add(focus.html);
        if (!focus.html.includes("menu")) reached.add(focus.panel);
      }
    }
    assert.deepEqual(ids.filter((id) => !reached.has(id)), []);
    assert.deepEqual([...unseen], []);
  });
});

test("every picture of data has a name and a table or list behind it", async () => {
  await on("gallery/ready", async (page) => {
    const bare = await page.evaluate(() =>
      [...document.querySelectorAll("[data-panel]")]
        .filter((panel) => panel.querySelector("canvas"))
        .filter((panel) => {
          const named = [...panel.querySelectorAll("[aria-label]")].some((element) => element.ariaLabel.trim() !== "");
          return !named || !panel.querySelector("table, [role=grid], [role=listbox], [role=status]");
        })
        .map((panel) => panel.dataset.panel),
    );
    assert.deepEqual(bare, []);
  });
});

test("two tabs of one browser keep their own channel, theme and night", async () => {
  const context = await session.browser.newContext({ viewport: { width: 1440, height: 900 } });
  const [one, other] = [await context.newPage(), await context.newPage()];
  await one.goto(new URL("d/lst/camera?theme=red&channel=412", session.server.url).href);
  await other.goto(new URL("d/lst/camera?theme=light&channel=7", session.server.url).href);
  for (const page of [one, other]) {
    await settledPanels({ page, problems: [], screenshot: () => "" });
  }
  assert.match(one.url(), /channel=412/);
  assert.match(other.url(), /channel=7/);
  const themes = await Promise.all([one, other].map((page) => page.evaluate(() => document.documentElement.dataset.theme)));
  assert.deepEqual(themes, ["red", "light"]);
  await context.close();
});
