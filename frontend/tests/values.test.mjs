// Values and the board: files of what is shown, sorting, arranging, hiding, full screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/browser.mjs";
import { rowsOf, saved, take } from "./support/files.mjs";
import { startOwnServer } from "./support/own_server.mjs";
import { settledPanels } from "./support/panels.mjs";
import { brightest } from "./support/pixels.mjs";
import { Plot } from "./support/plot.mjs";
import { startServer } from "./support/server.mjs";
import { useSession } from "./support/session.mjs";
import { becomes, until } from "./support/waiting.mjs";

const session = useSession(() => startServer());
const { on, api } = session;

const numberOf = (text) => (text === "" ? null : Number(text));
const microsOf = (text) => (text === "" ? null : Date.parse(text) * 1000);

/** The last question of the page for the envelope of a metric, asked again. */
function lastEnvelope(watched, metric) {
  const asked = watched.requests.filter((url) => url.includes("/envelope?") && url.includes(`metric=${metric}&`));
  return api(asked.at(-1).split("/api/v1/")[1]);
}

const SIX_HOURS = "d/demo/weather?from=2016-01-01T06:00:00Z&to=2016-01-01T12:00:00Z";

test("a CSV of samples says what the API says, to the last digit", async () => {
  await on(SIX_HOURS, async (page) => {
    await new Plot(page, "temperature").exact();
    const { name, bytes } = await saved(page, "temperature", "CSV");
    assert.equal(name, "temperature_20160101T060000Z_20160101T120000Z.csv");
    const { samples } = await api(
      "samples?metric=surfrad.temp&from=2016-01-01T06:00:00Z&to=2016-01-01T12:00:00Z&limit=10000",
    );
    const rows = rowsOf(bytes);
    assert.ok(rows.length > 300);
    assert.deepEqual(
      rows.map((row) => [row.metric, Number(row.channel), microsOf(row.time), numberOf(row.value)]),
      samples.map((sample) => ["surfrad.temp", sample.channel, sample.time_us, sample.value]),
    );
  });
});

test("a CSV of columns holds the very columns that are drawn", async () => {
  await on("d/demo/machine", async (page, watched) => {
    await new Plot(page, "machine").exact();
    const { series } = await lastEnvelope(watched, "nab.machine_temperature");
    const { bytes } = await saved(page, "machine", "CSV");
    const rows = rowsOf(bytes);
    assert.ok(rows.length > 100);
    for (const [field, of] of Object.entries({ start: "start_us", end: "end_us", min_time: "min_us", max_time: "max_us" })) {
      assert.deepEqual(rows.map((row) => microsOf(row[field])), series[0][of], field);
    }
    for (const field of ["count", "min", "max", "first", "last", "mean"]) {
      assert.deepEqual(rows.map((row) => numberOf(row[field])), series[0][field], field);
    }
  });
});

test("a PNG is the picture with its heading, in the colours of the theme", async () => {
  await on("d/demo/weather?theme=red", async (page) => {
    const plot = new Plot(page, "irradiance");
    await plot.exact();
    const { bytes } = await saved(page, "irradiance", "PNG");
    assert.equal(bytes.subarray(1, 4).toString(), "PNG");
    const box = await plot.stage.boundingBox();
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    assert.equal(width, Math.round(box.width));
    assert.ok(height > box.height + 30, "heading and legend have room");
    const [red, green, blue] = await brightest(session.browser, bytes);
    assert.deepEqual([green, blue], [0, 0]);
    assert.ok(red > 200, "something is there to be read");
  });
});

test("an SVG has title, unit, range, legend and lines", async () => {
  await on("d/demo/weather", async (page) => {
    await new Plot(page, "irradiance").exact();
    const { bytes } = await saved(page, "irradiance", "SVG");
    const told = await page.evaluate((text) => {
      const svg = new DOMParser().parseFromString(text, "image/svg+xml");
      const texts = [...svg.querySelectorAll("text")].map((piece) => piece.textContent);
      const points = [...svg.querySelectorAll("polyline")].map((line) => line.getAttribute("points").split(" ").length);
      return { hasFailed: svg.querySelector("parsererror") !== null, texts, longest: Math.max(...points) };
    }, bytes.toString());
    assert.equal(told.hasFailed, false);
    const heading = await page.locator('[data-panel="irradiance"] .panel__title').innerText();
    assert.ok(told.texts.includes(heading), told.texts.join("|"));
    assert.ok(told.texts.some((text) => /2016-01-\d\d .*UTC/.test(text)), told.texts.join("|"));
    for (const label of await page.locator('[data-panel="irradiance"] .legend__label').allInnerTexts()) {
      assert.ok(told.texts.includes(label), label);
    }
    assert.ok(told.longest > 300, `${told.longest} points in the longest line`);
  });
});

test("the newest values are saved as they are listed", async () => {
  await on("d/demo/weather", async (page) => {
    const { bytes } = await saved(page, "now", "CSV");
    const rows = rowsOf(bytes);
    for (const row of rows) {
      const { channels } = await api(`latest?metric=${row.metric}`);
      const channel = channels[Number(row.channel)];
      assert.equal(numberOf(row.value), channel.value, row.metric);
      assert.equal(microsOf(row.time), channel.time_us, row.metric);
      assert.equal(row.state, channel.state, row.metric);
    }
    const titles = await page.locator('[data-panel="now"] .latest__row td:first-child').allInnerTexts();
    assert.equal(rows.length, titles.length);
    const { bytes: picture } = await saved(page, "now", "SVG");
    for (const title of titles) assert.ok(picture.toString().includes(`>${title}</text>`), title);
  });
});

test("each head of the table sorts by its column, and back at the second click", async () => {
  await on("d/demo/weather", async (page) => {
    const panel = page.locator('[data-panel="now"]');
    const values = () =>
      panel.locator("td.latest__value").evaluateAll((cells) =>
        cells.map((cell) => Number(cell.firstChild.textContent.replace("\u2212", "-").replaceAll(/\s/g, ""))),
      );
    const head = panel.getByRole("columnheader", { name: "Value" });
    await head.getByRole("button").click();
    const isSorted = (by, how) => becomes(() => by.getAttribute("aria-sort"), how);
    await isSorted(head, "descending");
    const falling = await values();
    assert.deepEqual(falling, falling.toSorted((a, b) => b - a));
    await head.getByRole("button").click();
    await isSorted(head, "ascending");
    await becomes(values, falling.toReversed());
    const name = panel.getByRole("columnheader", { name: "Metric" });
    await name.getByRole("button").press("Enter");
    await isSorted(name, "ascending");
    await isSorted(head, "none");
    const titles = await panel.locator("td.latest__name").allInnerTexts();
    assert.deepEqual(titles, titles.toSorted());
  });
});

test("arrows reach every row of a long table, also those that are not in the document", async () => {
  await on("d/demo/camera", async (page) => {
    const panel = page.locator('[data-panel="now"]');
    const grid = panel.getByRole("grid");
    await grid.focus();
    const active = () =>
      page.evaluate(() => {
        const grid = document.activeElement;
        return document.getElementById(grid.getAttribute("aria-activedescendant"))?.getAttribute("aria-rowindex");
      });
    await becomes(active, "2");
    await page.keyboard.press("ArrowDown");
    await becomes(active, "3");
    // The last metric may answer meanwhile, and its row is then the last.
    await until("the last row is reached", async () => {
      await page.keyboard.press("End");
      return (await active()) === (await grid.getAttribute("aria-rowcount"));
    });
    assert.ok((await panel.locator(".latest__row").count()) < 80);
    await page.keyboard.press("Home");
    await becomes(active, "2");
  });
});

/** The ids of the panels in sight, in their order on the screen. */
function order(page) {
  return page.locator(".board__slot").evaluateAll((slots) => slots.filter((slot) => !slot.hidden).map((slot) => slot.dataset.slot));
}

async function layout(page, item) {
  await page.getByRole("button", { name: /^Layout/ }).click();
  await page.getByRole("button", { name: item }).click();
}

test("panels are moved and resized by keys, stay so, and are reset", async () => {
  await on("d/demo/weather", async (page, watched) => {
    const before = await order(page);
    await layout(page, "Arrange panels");
    const first = page.locator(`[data-slot="${before[0]}"] .arrange`);
    await first.focus();
    await page.keyboard.press("ArrowRight");
    const moved = [before[1], before[0], ...before.slice(2)];
    await becomes(() => order(page), moved);
    // The focus goes with it.
    await becomes(() => first.evaluate((handle) => document.activeElement === handle), true);
    const width = () => page.locator(`[data-slot="${before[0]}"]`).evaluate((slot) => slot.getBoundingClientRect().width);
    const wide = await width();
    await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("Shift+ArrowLeft");
    await until("it is narrower", async () => (await width()) < wide - 50);
    await page.keyboard.press("Shift+ArrowDown");
    await becomes(() => first.getAttribute("aria-label"), /place 2 of .* columns wide, \d+ pixels high/);
    await watched.screenshot("arranging");
    await page.keyboard.press("Escape");
    await becomes(() => page.locator(".arrange").count(), 0);
    await page.reload();
    await settledPanels(watched);
    await becomes(() => order(page), moved);
    await layout(page, /Reset/);
    await becomes(() => order(page), before);
    await becomes(() => page.evaluate(() => localStorage.getItem("watchroom:board:demo/weather")), null);
  });
});

test("panels are dragged to another place and by their corner", async () => {
  await on("d/demo/weather", async (page) => {
    const before = await order(page);
    await layout(page, "Arrange panels");
    const box = (id) => page.locator(`[data-slot="${id}"] .arrange`).boundingBox();
    const [from, to] = [await box(before[0]), await box(before[1])];
    await page.mouse.move(from.x + 60, from.y + 60);
    await page.mouse.down();
    await page.mouse.move(to.x + to.width * 0.8, to.y + 60, { steps: 5 });
    await becomes(() => page.locator('[data-drop="after"]').getAttribute("data-slot"), before[1]);
    await page.mouse.up();
    await becomes(() => order(page), [before[1], before[0], ...before.slice(2)]);
    const corner = await box(before[1]);
    await page.mouse.move(corner.x + corner.width - 6, corner.y + corner.height - 6);
    await page.mouse.down();
    await page.mouse.move(corner.x + corner.width - 260, corner.y + corner.height + 94, { steps: 5 });
    await page.mouse.up();
    await until(`it is narrower than ${corner.width} and higher than ${corner.height}`, async () => {
      const resized = await box(before[1]);
      return resized.width < corner.width - 150 && resized.height > corner.height + 60;
    });
  });
});

test("a hidden panel asks for nothing, is counted, and comes back", async () => {
  await on("d/demo/weather", async (page, watched) => {
    await take(page, "humidity", "Hide this panel");
    await page.locator('[data-panel="humidity"]').waitFor({ state: "detached" });
    await becomes(async () => (await order(page)).includes("humidity"), false);
    await page.getByRole("button", { name: "Layout · 1 hidden" }).waitFor();
    watched.requests.length = 0;
    await page.reload();
    await settledPanels(watched);
    assert.deepEqual(watched.requests.filter((url) => url.includes("/envelope") && url.includes("surfrad.rh")), []);
    await layout(page, /^Show/);
    await page.locator('[data-panel="humidity"][data-state="ready"], [data-panel="humidity"][data-state="stale"]').waitFor();
  });
});

test("an arrangement is of its tab and of its browser alone, and a damaged one does no harm", async () => {
  await on("d/demo/weather", async (page, watched) => {
    const before = await order(page);
    await layout(page, "Arrange panels");
    await page.locator(`[data-slot="${before[0]}"] .arrange`).press("ArrowRight");
    await page.keyboard.press("Escape");
    const moved = [before[1], before[0], ...before.slice(2)];
    await becomes(() => order(page), moved);
    // A window of the same browser has it, too; another tab of the board and somebody else do not.
    const second = await watched.context.newPage();
    await second.goto(page.url());
    await second.locator(`[data-slot="${moved[0]}"]`).waitFor();
    await becomes(() => order(second), moved);
    await second.goto(session.link("d/demo/machine"));
    await second.locator('[data-panel="machine"]').waitFor();
    const [first] = await order(second);
    assert.equal(first, "machine");
    await second.close();
    await on("d/demo/weather", (other) => becomes(() => order(other), before));
    await page.evaluate(() => localStorage.setItem("watchroom:board:demo/weather", "{no arrangement"));
    await page.reload();
    await settledPanels(watched);
    await becomes(() => order(page), before);
  });
});

test("F fills the screen with the focused panel and gives it back", async () => {
  await on("d/demo/weather", async (page) => {
    const filled = () => page.evaluate(() => document.fullscreenElement?.dataset.panel ?? null);
    await new Plot(page, "temperature").stage.focus();
    await page.keyboard.press("f");
    await page.waitForFunction(() => document.fullscreenElement !== null);
    assert.equal(await filled(), "temperature");
    await page.keyboard.press("f");
    await page.waitForFunction(() => document.fullscreenElement === null);
    await take(page, "humidity", /^Full screen/);
    await page.waitForFunction(() => document.fullscreenElement !== null);
    assert.equal(await filled(), "humidity");
  });
});

test("on a phone the panels stand in one column and can be arranged", async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  await on(
    "d/demo/weather",
    async (page, watched) => {
      const before = await order(page);
      await layout(page, "Arrange panels");
      await page.locator(`[data-slot="${before[0]}"]`).getByRole("button", { name: "Move later" }).tap();
      await becomes(async () => (await order(page)).slice(0, 2), [before[1], before[0]]);
      await watched.screenshot("arranging-phone");
      const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= width, `${content} pixels wide`);
    },
    phone,
  );
});

test("an arrangement is exported as the file that the server reads", async () => {
  await on("d/demo/weather", async (page) => {
    const before = await order(page);
    await layout(page, "Arrange panels");
    await page.locator(`[data-slot="${before[0]}"] .arrange`).press("ArrowRight");
    await page.locator(`[data-slot="${before[0]}"] .arrange`).press("Shift+ArrowLeft");
    await page.locator(`[data-slot="${before[2]}"] .arrange`).press("Delete");
    await layout(page, "Export as TOML …");
    const text = await page.locator(".dialog__text").inputValue();
    const { files } = await api("dashboards/files");
    const { text: source } = files.find(({ dashboard }) => dashboard === "demo");
    const own = await startOwnServer({ config: "", dashboards: { demo: text }, frames: [] });
    try {
      const answer = await fetch(`${own.url}api/v1/dashboards`, { headers: { accept: "application/json" } });
      const read = (await answer.json()).dashboards[0];
      const { dashboards } = await api("dashboards");
      const original = dashboards.find(({ id }) => id === "demo");
      const shown = read.tabs[0].panels;
      assert.deepEqual(shown.map(({ id }) => id), [before[1], before[0], ...before.slice(3)]);
      const { width } = original.tabs[0].panels.find(({ id }) => id === before[0]);
      assert.equal(shown[1].width, width - 1);
      assert.deepEqual(read.tabs.slice(1), original.tabs.slice(1), "the other tabs are untouched");
      assert.ok(text.length >= source.length, "nothing is lost");
    } finally {
      await own.stop();
    }
  });
});

for (const panel of ["latest-bars", "latest-tiles", "latest-age"]) {
  test(`${panel} reaches all channels by keys, tells value, age and state of each, and chooses one`, async () => {
    await on("d/gallery/ready", async (page) => {
      const list = page.locator(`[data-panel="${panel}"]`).getByRole("listbox");
      await list.focus();
      await page.keyboard.press("End");
      const active = () => list.evaluate((list) => document.getElementById(list.getAttribute("aria-activedescendant"))?.innerText ?? "");
      await page.waitForFunction(() => {
        const list = document.activeElement;
        return document.getElementById(list.getAttribute("aria-activedescendant")) !== null;
      });
      const { channels } = await api("latest?metric=camera.scb_temperature");
      await becomes(active, /fresh|late|stale|never/);
      assert.match(await active(), /\d+ (s|min|h|d)/);
      assert.ok((await list.getByRole("option").count()) < channels.length, "only those in sight are in the document");
      await page.keyboard.press("Enter");
      await page.waitForURL(/channel=/);
      await list.locator("[data-chosen]").waitFor();
    });
  });
}

test("one number is that of the API, with unit, age and course", async () => {
  await on("d/gallery/ready", async (page) => {
    const panel = page.locator('[data-panel="stat"]');
    const { channels } = await api("latest?metric=camera.scb_temperature");
    const shown = Number((await panel.locator(".stat__value").innerText()).replace("\u2212", "-").replaceAll(/\s/g, ""));
    const known = channels[7].value;
    assert.ok(Math.abs(shown - known) <= Math.abs(known) * 1e-4, `${shown} for ${known}`);
    assert.equal(await panel.locator(".stat__unit").innerText(), "°C");
    assert.match(await panel.locator(".stat__extent").innerText(), /^min .* max /);
  });
});

test("a panel whose metric does not exist says so and leaves the others alone", async () => {
  const watched = await openPage(session.browser, new URL("d/gallery/error", session.server.url).href);
  const { page } = watched;
  await page.locator('[data-panel="latest-table"][data-state="error"]').waitFor();
  await page.locator('[data-panel="stat"][data-state="error"]').waitFor();
  await page.locator('[data-panel="latest-table"]', { hasText: /no metric/ }).waitFor();
  assert.equal(await page.locator('[data-panel="latest-table"]').getByRole("button", { name: "Try again" }).count(), 1);
  await page.locator('[data-panel="beside"][data-state="ready"], [data-panel="beside"][data-state="stale"]').waitFor();
  await watched.close();
});
