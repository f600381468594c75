// Nothing is wider than the screen of a phone, whichever one it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { settledPanels } from "./support/panels.mjs";
import { startServer } from "./support/server.mjs";
import { useSession } from "./support/session.mjs";
import { becomes, nextFrames } from "./support/waiting.mjs";

/** The phones of these years are 360 to 430 pixels wide. */
const WIDTHS = Array.from({ length: 15 }, (_, at) => 360 + at * 5);

const session = useSession(startServer, {
  settled: async (watched) => {
    const { page } = watched;
    await page.locator("[data-panel], .alarms[data-state=ready]").first().waitFor();
    if (await page.locator("[data-panel]").count()) await settledPanels(watched);
  },
});

/** What reaches beyond the right edge of the screen, where that makes the page wider than it. */
const beyond = (page, width) =>
  page.evaluate((width) => {
    if (document.documentElement.scrollWidth <= width) return [];
    const name = (element) => `${element.localName}.${element.getAttribute("class") ?? ""}`;
    const all = [...document.body.querySelectorAll("*")];
    const wide = all.filter((element) => element.getBoundingClientRect().right > width + 0.5);
    return [`${document.documentElement.scrollWidth} pixels`, ...wide.slice(0, 8).map(name)];
  }, width);

/** All tabs of the demo, and the pages without panels. */
async function addresses() {
  const answer = await session.api("dashboards");
  const tabs = answer.dashboards.flatMap(({ id, tabs }) => tabs.map((tab) => `d/${id}/${tab.id}`));
  return [...tabs.filter((tab) => !tab.startsWith("d/gallery/")), "alarms", "streams"];
}

test("no page scrolls sideways on a phone", async (t) => {
  for (const address of await addresses()) {
    await t.test(address, () =>
      session.on(
        address,
        async (page) => {
          for (const width of WIDTHS) {
            await page.setViewportSize({ width, height: 800 });
            // The panels measure themselves anew in the next frames.
            await nextFrames(page);
            const told = async () => [`at ${width} pixels`, ...(await beyond(page, width))];
            await becomes(told, [`at ${width} pixels`], 5_000);
          }
        },
        { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true },
      ),
    );
  }
});
