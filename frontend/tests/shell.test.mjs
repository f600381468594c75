// What surrounds the panels: nights and ranges, clocks, wallboard, keys, print.

import assert from "node:assert/strict";
import { test } from "node:test";
import { settledPanels } from "./support/panels.mjs";
import { brightest } from "./support/pixels.mjs";
import { startServer } from "./support/server.mjs";
import { useSession } from "./support/session.mjs";
import { becomes } from "./support/waiting.mjs";

const session = useSession(() => startServer());
const { on, api } = session;

async function openCalendar(page) {
  await page.locator(".night__date").click();
  const calendar = page.getByRole("dialog", { name: "Choose a night" });
  await calendar.waitFor();
  return calendar;
}

test("each day of the calendar says how complete its night is", async () => {
  await on("d/demo/camera", async (page, watched) => {
    // What the page asks for is of all metrics of the tab.
    const asked = watched.requests.find((url) => url.includes("/api/v1/nights?"));
    const { nights } = await (await fetch(asked)).json();
    const calendar = await openCalendar(page);
    for (const { date, completeness } of nights) {
      const day = calendar.locator(`[data-date="${date}"]`);
      if ((await day.count()) === 0) continue;
      await becomes(() => day.getAttribute("aria-label"), new RegExp(`${Math.floor(completeness * 100)} % complete`));
      assert.equal(await day.getAttribute("data-data"), completeness >= 0.95 ? "complete" : "part", date);
    }
  });
});

test("the last hours end now and move along, and the address keeps them", async () => {
  await on("d/demo/camera", async (page, watched) => {
    const calendar = await openCalendar(page);
    await calendar.getByRole("button", { name: "Last 6 h" }).click();
    await page.waitForURL((url) => url.searchParams.get("last") === "6h");
    const name = () => page.locator(".night__name").innerText();
    await becomes(name, "Last 6 hours");
    await page.getByRole("button", { name: "Live", pressed: true }).waitFor();
    await page.reload();
    await settledPanels(watched);
    await becomes(name, "Last 6 hours");
    await page.getByRole("button", { name: "Previous range" }).click();
    await page.waitForURL((url) => url.searchParams.has("from"));
    const { searchParams } = new URL(page.url());
    assert.equal(Date.parse(searchParams.get("to")) - Date.parse(searchParams.get("from")), 6 * 3_600_000);
  });
});

test("L opens the night of now, N the newest with data, C the calendar, Escape puts it away", async () => {
  const { newest } = await api("nights?metric=camera.scb_pixel_temperature&limit=1");
  await on("d/demo/camera?night=2020-01-01", async (page) => {
    const body = page.locator("body");
    await body.press("n");
    await page.waitForURL(new RegExp(`night=${newest}`));
    await body.press("ArrowLeft");
    await page.waitForURL((url) => url.searchParams.get("night") !== newest);
    await body.press("l");
    await page.waitForURL((url) => Math.abs(Date.parse(url.searchParams.get("night")) - Date.now()) < 2 * 86_400_000);
    await page.getByRole("button", { name: "Live", pressed: true }).waitFor();
    await body.press("c");
    const calendar = page.getByRole("dialog", { name: "Choose a night" });
    await calendar.waitFor();
    await page.keyboard.press("Escape");
    await calendar.waitFor({ state: "detached" });
  });
});

test("the list of keys opens and closes by the keyboard", async () => {
  await on("d/demo/weather", async (page, watched) => {
    await page.locator("body").press("?");
    const list = page.getByRole("dialog", { name: "Keys and gestures" });
    await list.waitFor();
    for (const text of ["newest night with data", "wallboard", "calendar", "next theme"]) {
      assert.ok((await list.innerText()).includes(text), text);
    }
    await watched.screenshot("keys");
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "hidden" });
  });
});

test("a clock is chosen by a click, says its zone, and is kept in the address", async () => {
  await on("d/demo/weather", async (page, watched) => {
    const clocks = page.getByRole("group", { name: "Clock of the time axes" });
    const [utc, site, gps] = await clocks.getByRole("button").all();
    assert.equal(await utc.getAttribute("aria-pressed"), "true");
    assert.match(await site.getAttribute("title"), /Time axes in .+, now UTC/);
    assert.match(await gps.getAttribute("title"), /18 s ahead of UTC/);
    await gps.click();
    await page.waitForURL((url) => url.searchParams.get("clock") === "gps");
    await page.reload();
    await settledPanels(watched);
    await becomes(() => clocks.getByRole("button").nth(2).getAttribute("aria-pressed"), "true");
  });
});

test("a wallboard turns its tabs, a key holds them, and it makes no history", async () => {
  await on("d/demo/weather?wall=5", async (page, watched) => {
    const isWall = (how) => page.locator(`.bars[data-wall="${how}"]`).waitFor();
    await isWall("on");
    await watched.screenshot("wallboard");
    const length = await page.evaluate(() => history.length);
    // Some tabs may have had their turn before the page was ready.
    const before = new URL(page.url()).pathname;
    await page.waitForURL((url) => url.pathname !== before);
    assert.equal(new URL(page.url()).searchParams.get("wall"), "5");
    assert.equal(await page.evaluate(() => history.length), length);
    await page.keyboard.press("Shift");
    await isWall("paused");
    const held = new URL(page.url()).pathname;
    await page.waitForTimeout(7_000);
    assert.equal(new URL(page.url()).pathname, held);
    await page.keyboard.press("w");
    await page.waitForURL((url) => !url.searchParams.has("wall"));
    await isWall("off");
  });
});

test("the menu begins the wallboard", async () => {
  await on("d/demo/weather", async (page) => {
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("button", { name: /Wallboard/ }).click();
    await page.waitForURL((url) => url.searchParams.get("wall") === "20");
  });
});

test("on paper the page is light and without what is there to be clicked", async () => {
  await on("d/demo/weather?theme=dark", async (page, watched) => {
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
    await page.locator(':root[data-theme="light"]').waitFor();
    for (const name of ["Previous night", "More"]) {
      assert.equal(await page.getByRole("button", { name, exact: true }).isVisible(), false, name);
    }
    assert.equal(await page.locator('[data-panel="temperature"]').isVisible(), true);
    await watched.screenshot("print");
    await page.emulateMedia({ media: "screen" });
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await page.locator(':root[data-theme="dark"]').waitFor();
  });
});

test("what is printed is the red theme in light, with canvases drawn anew, and no panel is cut between two sheets", async () => {
  await on("d/demo/weather?theme=red", async (page) => {
    const ground = () =>
      page.evaluate(() => {
        const canvas = document.querySelector('[data-panel="temperature"] canvas');
        return [...canvas.getContext("2d").getImageData(2, 2, 1, 1).data];
      });
    const dark = await ground();
    assert.deepEqual(dark.slice(1, 3), [0, 0]);
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
    // The ground of a canvas is drawn with it, so that it tells whether it was drawn for paper.
    await page.waitForFunction(() => {
      const canvas = document.querySelector('[data-panel="temperature"] canvas');
      return canvas.getContext("2d").getImageData(2, 2, 1, 1).data[2] > 200;
    });
    const panels = page.locator("[data-panel]");
    for (const panel of await panels.all()) {
      assert.equal(await panel.evaluate((element) => getComputedStyle(element).breakInside), "avoid");
    }
    // Which night and which tab it is of stands on it.
    assert.equal(await page.getByRole("tab", { selected: true }).isVisible(), true);
    assert.equal(await page.locator(".night__date").isVisible(), true);
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
    assert.ok((pdf.match(/\/Type \/Page\b/g) ?? []).length >= 1);
    await page.emulateMedia({ media: "screen" });
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await page.locator(':root[data-theme="red"]').waitFor();
  });
});

test("with the calendar open the red theme has no green and no blue, and a phone shows all of it", async () => {
  await on("d/demo/camera?theme=red", async (page, watched) => {
    await openCalendar(page);
    await watched.screenshot("calendar-red");
    const [, green, blue] = await brightest(session.browser, await page.screenshot());
    assert.deepEqual([green, blue], [0, 0]);
  });
  await on(
    "d/demo/camera",
    async (page, watched) => {
      const calendar = await openCalendar(page);
      const { x, width } = await calendar.boundingBox();
      assert.ok(x >= 0 && x + width <= 390, `${x} ${width}`);
      await watched.screenshot("calendar-phone");
    },
    { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  );
});
