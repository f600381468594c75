// Working with the page as a shift does: tabs, nights, zoom, values, links, faults.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/browser.mjs";
import { settledPanels } from "./support/panels.mjs";
import { brightest } from "./support/pixels.mjs";
import { Plot, nextZoom, zoomOf } from "./support/plot.mjs";
import { startServer } from "./support/server.mjs";
import { useSession } from "./support/session.mjs";
import { sourceRows } from "./support/source_files.mjs";
import { becomes, until } from "./support/waiting.mjs";

const session = useSession(() => startServer());
const { on, api } = session;

const TABS = ["weather", "tucson", "machine", "moon", "camera"];

for (const tab of TABS) {
  test(`the tab ${tab} opens on data in every panel`, async () => {
    await on(`d/demo/${tab}`, async (page, watched) => {
      const shown = await settledPanels(watched);
      const known = new Set(["ready", "stale"]);
      assert.deepEqual(shown.filter(({ state }) => !known.has(state)), []);
      await watched.screenshot(`tab-${tab}`);
    });
  });
}

test("a click and a number key switch the tab, and back returns", async () => {
  await on("d/demo/weather", async (page, watched) => {
    await page.getByRole("tab", { name: "Moon" }).click();
    await page.waitForURL(/\/d\/demo\/moon/);
    await settledPanels(watched);
    await page.keyboard.press("3");
    await page.waitForURL(/\/d\/demo\/machine/);
    await settledPanels(watched);
    await page.goBack();
    await page.waitForURL(/\/d\/demo\/moon/);
    await page.getByRole("tab", { name: "Moon", selected: true }).waitFor();
  });
});

test("hover says the very value of the source file and of the API", async () => {
  const rows = await sourceRows("surfrad/alamosa_2016-01-01.csv.gz", "time_utc");
  // Six hours, so that each sample has a pixel of its own.
  await on("d/demo/weather?from=2016-01-01T06:00:00Z&to=2016-01-01T12:00:00Z", async (page) => {
    const plot = new Plot(page, "temperature");
    await plot.exact();
    for (const across of [0.2, 0.5, 0.8]) {
      const facts = await plot.hover(across);
      assert.equal(facts.length, 1);
      const [{ stat, value, timeUs, text }] = facts;
      assert.equal(stat, "value");
      const row = rows.get(timeUs);
      assert.ok(row, `${timeUs} is no time of the file`);
      assert.equal(value, Number(row.temp));
      assert.ok(text.includes("°C"), text);
      const from = new Date(timeUs / 1000).toISOString();
      const to = new Date(timeUs / 1000 + 1).toISOString();
      const { samples } = await api(`samples?metric=surfrad.temp&from=${from}&to=${to}`);
      assert.deepEqual(samples.map((sample) => [sample.time_us, sample.value]), [[timeUs, value]]);
    }
  });
});

test("a column over many samples says their true extremes with their times", async () => {
  const rows = await sourceRows("nab/machine_temperature_system_failure.csv.gz", "timestamp");
  await on("d/demo/machine", async (page) => {
    const plot = new Plot(page, "machine");
    await plot.exact();
    assert.match(await plot.badge(), /columns of 22.683 samples|columns of 22.695 samples/);
    const facts = await plot.hover(0.6);
    const by = Object.fromEntries(facts.map((fact) => [fact.stat, fact]));
    for (const stat of ["min", "max"]) {
      assert.equal(by[stat].value, Number(rows.get(by[stat].timeUs).value), stat);
    }
    assert.ok(by.min.value <= by.mean.value && by.mean.value <= by.max.value);
  });
});

test("the lowest and the highest value of the source file are drawn", async () => {
  const rows = await sourceRows("nab/machine_temperature_system_failure.csv.gz", "timestamp");
  const values = [...rows.values()].map((row) => Number(row.value));
  const { series } = await api(
    "envelope?metric=nab.machine_temperature&from=2013-12-01T00:00:00Z&to=2014-03-01T00:00:00Z&columns=300",
  );
  assert.equal(Math.min(...series[0].min), Math.min(...values));
  assert.equal(Math.max(...series[0].max), Math.max(...values));
});

test("in a gap the page says that there is no sample", async () => {
  const rows = await sourceRows("nab/ambient_temperature_system_failure.csv.gz", "timestamp");
  const times = [...rows.keys()].sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => [times[index], time]);
  const [from, to] = gaps.reduce((widest, gap) => (gap[1] - gap[0] > widest[1] - widest[0] ? gap : widest));
  const width = to - from;
  const range = [from - width, to + width].map((us) => new Date(us / 1000).toISOString());
  await on(`d/demo/machine?from=${range[0]}&to=${range[1]}`, async (page) => {
    const plot = new Plot(page, "ambient");
    await plot.exact();
    assert.deepEqual((await plot.hover(0.52)).map(({ stat }) => stat), ["none"]);
    assert.match(await plot.panel.locator(".tooltip").innerText(), /no sample/);
    assert.deepEqual((await plot.hover(0.2)).map(({ stat }) => stat), ["value"]);
  });
});

test("the wheel zooms around the pointer, the address follows, a double click returns", async () => {
  await on("d/demo/weather", async (page) => {
    const plot = new Plot(page, "temperature");
    await plot.exact();
    const [{ timeUs }] = await plot.hover(0.5);
    const before = page.url();
    await page.mouse.wheel(0, -240);
    const [from, to] = await nextZoom(page, before);
    assert.ok(to - from < 24 * 3_600_000, "it is narrower");
    assert.ok(from < timeUs / 1000 && timeUs / 1000 < to, "around the pointer");
    await plot.exact();
    const [{ timeUs: after }] = await plot.hover(0.5);
    assert.ok(Math.abs(after - timeUs) <= 120e6, "what was below the pointer still is");
    const zoomed = page.url();
    await page.reload();
    await plot.exact();
    assert.equal(page.url(), zoomed);
    const middle = await plot.at(0.5);
    await page.mouse.dblclick(middle.x, middle.y);
    await page.waitForURL((url) => !url.searchParams.has("zoom"));
  });
});

test("a drag selects, shift and a drag pan, back undoes one gesture at a time", async () => {
  await on("d/demo/weather", async (page) => {
    const plot = new Plot(page, "temperature");
    const other = new Plot(page, "humidity");
    await plot.exact();
    const start = page.url();
    await plot.drag(0.4, 0.6);
    const selected = await nextZoom(page, start);
    const hours = (selected[1] - selected[0]) / 3_600_000;
    assert.ok(3 < hours && hours < 8, `${hours} h were selected`);
    await other.exact();
    const [{ timeUs }] = await other.hover(0.5);
    assert.ok(selected[0] <= timeUs / 1000 && timeUs / 1000 < selected[1], "the other panels follow");

    const afterSelection = page.url();
    await plot.drag(0.6, 0.4, { shift: true });
    const panned = await nextZoom(page, afterSelection);
    assert.ok(panned[0] > selected[0], "the later time came into sight");
    assert.ok(Math.abs(panned[1] - panned[0] - (selected[1] - selected[0])) < 1000, "a pan does not zoom");

    const zoomIs = (zoom) => page.waitForFunction((zoom) => new URL(location).searchParams.get("zoom") === zoom, zoom);
    await page.goBack();
    await zoomIs(new URL(afterSelection).searchParams.get("zoom"));
    await page.goBack();
    await zoomIs(null);
  });
});

test("the keyboard zooms, pans and resets a focused plot", async () => {
  await on("d/demo/weather", async (page) => {
    const plot = new Plot(page, "temperature");
    await plot.exact();
    await plot.stage.focus();
    let before = page.url();
    await page.keyboard.press("+");
    const zoomed = await nextZoom(page, before);
    before = page.url();
    await page.keyboard.press("ArrowRight");
    const panned = await nextZoom(page, before);
    assert.ok(panned[0] > zoomed[0]);
    await page.keyboard.press("0");
    await page.waitForURL((url) => !url.searchParams.has("zoom"));
  });
});

test("the camera opens on the newest night, and nights are stepped and kept in the address", async () => {
  const { newest } = await api("nights?metric=camera.scb_pixel_temperature&limit=5");
  const dayBefore = new Date(Date.parse(newest) - 86_400_000).toISOString().slice(0, 10);
  await on("d/demo/camera", async (page, watched) => {
    const isOf = (date) =>
      becomes(async () => {
        const name = await page.locator(".night__name").innerText();
        return Date.parse(`${name.slice(4)} UTC`);
      }, Date.parse(date));
    await isOf(newest);
    await page.getByRole("button", { name: "Previous night" }).click();
    await page.waitForURL(new RegExp(`night=${dayBefore}`));
    await settledPanels(watched);
    await page.reload();
    await settledPanels(watched);
    await isOf(dayBefore);
    await page.getByRole("button", { name: "Next night" }).click();
    await page.waitForURL(new RegExp(`night=${newest}`));
    await page.locator("body").press("ArrowLeft");
    await page.waitForURL(new RegExp(`night=${dayBefore}`));
  });
});

test("the calendar shows which nights have data and opens one", async () => {
  const { nights } = await api("nights?metric=camera.scb_pixel_temperature&limit=5");
  const oldest = nights.at(-1).date;
  await on("d/demo/camera", async (page, watched) => {
    await page.locator(".night__date").click();
    const calendar = page.getByRole("dialog", { name: "Choose a night" });
    await calendar.waitFor();
    await watched.screenshot("calendar");
    const day = calendar.locator(`[data-date="${oldest}"]`);
    const month = () => calendar.locator(".calendar__month").innerText();
    while ((await day.count()) === 0) {
      const before = await month();
      await calendar.getByRole("button", { name: /previous month/i }).click();
      await until("another month is in sight", async () => (await month()) !== before);
    }
    await day.click();
    await page.waitForURL(new RegExp(`night=${oldest}`));
    await settledPanels(watched);
  });
});

test("a night without data says so, says when the last data were, and leads there", async () => {
  await on("d/demo/camera?night=2020-01-01", async (page, watched) => {
    const shown = await settledPanels(watched);
    const lines = shown.filter(({ id }) => id !== "now");
    assert.deepEqual([...new Set(lines.map(({ state }) => state))], ["empty"]);
    const panel = page.locator('[data-panel="pacta"]');
    await panel.filter({ hasText: /No data in this night; last data \d{4}-\d{2}-\d{2}/ }).waitFor();
    await panel.getByRole("button", { name: /go there/i }).click();
    await page.waitForURL((url) => url.searchParams.get("night") !== "2020-01-01");
    await page.locator('[data-panel="pacta"][data-state="ready"], [data-panel="pacta"][data-state="stale"]').waitFor();
  });
});

test("hidden lines stay hidden through the address", async () => {
  await on("d/demo/weather", async (page, watched) => {
    const plot = new Plot(page, "irradiance");
    await plot.exact();
    await becomes(async () => (await plot.hover(0.5)).length, 3);
    await plot.panel.getByRole("button", { name: /diffuse/ }).click();
    await page.waitForURL(/hide=/);
    await becomes(async () => (await plot.hover(0.5)).length, 2);
    await page.reload();
    await settledPanels(watched);
    await plot.exact();
    await becomes(async () => (await plot.hover(0.5)).length, 2);
  });
});

test("the latest table says what the API says", async () => {
  const { channels } = await api("latest?metric=surfrad.temp");
  await on("d/demo/weather", async (page) => {
    const row = page.locator('[data-panel="now"] .latest__row', { hasText: "Air temperature" });
    await row.first().waitFor();
    const value = await row.first().locator(".latest__value").innerText();
    assert.equal(Number(value.replace("\u2212", "-").match(/-?[\d.]+/)[0]), channels[0].value);
    assert.match(await row.first().innerText(), new RegExp(channels[0].state));
  });
});

test("the simulated camera is marked as simulated, the measurements are not", async () => {
  await on("d/demo/camera", async (page) => {
    await page.getByText("Simulated data").waitFor();
  });
  await on("d/demo/weather", async (page) => {
    assert.equal(await page.getByText("Simulated data").count(), 0);
  });
});

test("in the red theme no pixel has green or blue", async () => {
  for (const tab of ["weather", "camera"]) {
    await on(`d/demo/${tab}?theme=red`, async (page, watched) => {
      await new Plot(page, tab === "weather" ? "temperature" : "pacta").hover(0.4);
      await watched.screenshot(`red-${tab}`);
      const [red, green, blue] = await brightest(session.browser, await page.screenshot());
      assert.deepEqual([green, blue], [0, 0]);
      assert.ok(red > 200, "something is there to be read");
    });
  }
});

test("a phone shows everything in its width", async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  for (const tab of TABS) {
    await on(
      `d/demo/${tab}`,
      async (page, watched) => {
        await watched.screenshot(`phone-${tab}`);
        const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(content <= window, `${tab} is ${content} pixels wide`);
      },
      phone,
    );
  }
});

test("an unknown tab and an unknown dashboard say so and lead on", async () => {
  for (const path of ["d/demo/nowhere", "d/nothing/at-all"]) {
    const watched = await openPage(session.browser, new URL(path, session.server.url).href);
    const { page } = watched;
    await page.locator(".notfound").waitFor();
    assert.ok((await page.locator(".notfound a").count()) > 0);
    await page.locator(".notfound a").first().click();
    await settledPanels(watched);
    watched.assertNoProblems();
    await watched.close();
  }
});

test("two tabs of the browser with different addresses do not touch each other", async () => {
  await on("d/demo/weather?theme=light", async (page, watched) => {
    const second = await watched.context.newPage();
    await second.goto(new URL("d/demo/moon?theme=red", session.server.url).href);
    await second.locator('[data-panel="long-period"][data-state="ready"]').waitFor();
    await page.reload();
    await settledPanels(watched);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
    assert.equal(await second.evaluate(() => document.documentElement.dataset.theme), "red");
  });
});

test("a server that is gone is told at once, and its data are not shown as empty", async () => {
  const own = await startServer();
  const watched = await openPage(session.browser, new URL("d/demo/weather", own.url).href);
  const { page } = watched;
  await settledPanels(watched);
  await page.locator('[data-connection="connected"]').waitFor();
  await own.stop();
  await page.locator('[data-connection="lost"], [data-connection="unreachable"]').waitFor({ timeout: 30_000 });
  await watched.screenshot("server-gone");
  await page.getByRole("tab", { name: "Moon" }).click();
  const panel = page.locator('[data-panel="long-period"]');
  await page.locator('[data-panel="long-period"][data-state="error"]').waitFor();
  assert.equal(await panel.getByRole("button", { name: /again|retry/i }).count(), 1);
  await watched.close();
});
