// Panels of cells: heatmaps, densities of all channels, histograms, states. On data of the test's own, so that every
// number is known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startOwnServer } from "./support/own_server.mjs";
import { brightest } from "./support/pixels.mjs";
import { Plot } from "./support/plot.mjs";
import { useSession } from "./support/session.mjs";
import { becomes } from "./support/waiting.mjs";

const CHANNELS = 12;
const MINUTES = 360;
const START = Date.parse("2026-11-20T12:00:00Z");
const RANGE = { from: "2026-11-20T12:00:00Z", to: "2026-11-20T18:00:00Z" };
/** No frame in these minutes. */
const GAP = [200, 230];
/** Channel 8 says null in these minutes. */
const NULLS = { channel: 8, from: 100, to: 150 };
/** One hot sample and one cold one. */
const HOT = { channel: 7, minute: 60, value: 99.5 };
const COLD = { channel: 3, minute: 300, value: -40.25 };

const at = (minute) => new Date(START + minute * 60_000).toISOString();

function value(channel, minute) {
  if (channel === HOT.channel && minute === HOT.minute) return HOT.value;
  if (channel === COLD.channel && minute === COLD.minute) return COLD.value;
  if (channel === NULLS.channel && NULLS.from <= minute && minute < NULLS.to) return null;
  return 10 + channel + (minute % 10) / 8;
}

/** Module 0 rests, module 1 turns busy, module 2 flickers within each minute. Minutes have quarters. */
const state = (module, minute) => [0, minute < 180 ? 0 : 3, (minute * 4) % 2][module];

function frames() {
  const all = [];
  for (let minute = 0; minute < MINUTES; minute += 1) {
    if (GAP[0] <= minute && minute < GAP[1]) continue;
    const channels = [...Array(CHANNELS).keys()];
    all.push({ metric: "t.heat", time: at(minute), values: channels.map((channel) => value(channel, minute)) });
    for (const quarter of [minute, minute + 0.25, minute + 0.5, minute + 0.75]) {
      all.push({ metric: "t.busy", time: at(quarter), values: [0, 1, 2].map((module) => state(module, quarter)) });
    }
  }
  return all;
}

const CONFIG = `
[site]
name = "Test"
time_zone = "UTC"
day_start = "12:00"

[metrics."t.heat"]
title = "Heat"
unit = "K"
interval = "60s"
scale = { stops = [[0.0, "#0000ff"], [20.0, "#008000"], [30.0, "#ff0000"]] }

[metrics."t.busy"]
title = "Busy"
kind = "state"
interval = "15s"
states = [
  { value = 0, label = "free", severity = "ok" },
  { value = 1, label = "half busy", severity = "warning" },
  { value = 3, label = "busy", severity = "alarm" },
]
`;

const panel = (id, type, keys) => `
[[tabs.panels]]
id = "${id}"
title = "${id}"
width = 6
height = 240
type = "${type}"
${keys}
`;

const DASHBOARD = `
title = "Cells"

[[tabs]]
id = "cells"
title = "Cells"
${panel("heat", "heatmap", 'metric = "t.heat"')}
${panel("least", "heatmap", 'metric = "t.heat"\nstatistic = "min"')}
${panel("channels", "channels", 'metric = "t.heat"')}
${panel("histogram", "histogram", 'metric = "t.heat"\nbins = 20\nlow = 0.0\nhigh = 40.0')}
${panel("busy", "state", 'metrics = ["t.busy"]')}
`;

const PAGE = `d/cells/cells?from=${RANGE.from}&to=${RANGE.to}`;

const session = useSession(() => startOwnServer({ config: CONFIG, dashboards: { cells: DASHBOARD }, frames: frames() }));
const { on } = session;

/** The part of the stage's height where the middle of a row lies, of `n` rows between these edges in pixels. */
async function down(plot, row, n, { top, bottom = 18 }) {
  const { height } = await plot.stage.boundingBox();
  return (top + ((height - top - bottom) * (row + 0.5)) / n) / height;
}

/** The part of the stage's width where a minute lies. */
async function across(plot, minute, { left = 46, right = 10 } = {}) {
  const { width } = await plot.stage.boundingBox();
  return (left + ((width - left - right) * (minute + 0.5)) / MINUTES) / width;
}

/** The color of a pixel of the plot, as it is on the screen. */
async function pixel(page, plot, x, y) {
  const point = await plot.at(x, y);
  // The cursor's line would be in the way.
  await page.mouse.move(2, 2);
  const png = await page.screenshot({ clip: { x: Math.round(point.x), y: Math.round(point.y), width: 1, height: 1 } });
  return brightest(session.browser, png);
}

const HEAT = { top: 30 };
/** Channel 0 lies at the bottom of a heatmap. */
const heatDown = (plot, channel) => down(plot, CHANNELS - 1 - channel, CHANNELS, HEAT);

test("each kind of panel is drawn from exact cells", async () => {
  await on(PAGE, async (page, watched) => {
    for (const id of ["heat", "least", "channels", "histogram", "busy"]) await new Plot(page, id).exact();
    await watched.screenshot("cells-dark");
  });
});

test("a heatmap says the very value of the API, and tells null from no sample", async () => {
  await on(PAGE, async (page) => {
    const plot = new Plot(page, "heat");
    await plot.exact();
    for (const [channel, minute] of [[0, 10], [5, 77], [11, 340], [HOT.channel, HOT.minute]]) {
      const facts = await plot.hover(await across(plot, minute), await heatDown(plot, channel));
      assert.equal(facts.length, 1, JSON.stringify(facts));
      const told = (facts[0].timeUs / 1000 - START) / 60_000;
      // A pixel is about a minute wide.
      assert.ok(Math.abs(told - minute) <= 1, `${told} for ${minute}`);
      assert.equal(facts[0].value, value(channel, told));
      assert.match(facts[0].text, new RegExp(`channel ${channel}\\b`));
    }
    const blank = await plot.hover(await across(plot, 125), await heatDown(plot, NULLS.channel));
    assert.equal(blank[0].value, null);
    assert.match(blank[0].text, /null or NaN/);
    const gap = await plot.hover(await across(plot, 215), await heatDown(plot, NULLS.channel));
    assert.match(gap[0].text, /no sample/);
  });
});

test("one hot sample is seen in red among colder ones, and the gap has no color", async () => {
  await on(`${PAGE}&theme=dark`, async (page) => {
    const plot = new Plot(page, "heat");
    await plot.exact();
    const x = await across(plot, HOT.minute);
    const y = await heatDown(plot, HOT.channel);
    const box = await plot.stage.boundingBox();
    let reddest = [0, 255, 255];
    for (const step of [-1, 0, 1]) {
      const color = await pixel(page, plot, x + step / box.width, y);
      if (color[0] - color[1] > reddest[0] - reddest[1]) reddest = color;
    }
    assert.deepEqual(reddest, [255, 0, 0]);
    const gap = await pixel(page, plot, await across(plot, 215), y);
    assert.ok(gap.every((part) => part < 60), `${gap}`);
  });
});

test("channels beyond the scale are counted and listed with their extremes, and chosen by a click", async () => {
  await on(PAGE, async (page) => {
    const panel = page.locator('[data-panel="heat"]');
    const summary = panel.locator(".beyond__summary");
    await summary.waitFor();
    await becomes(() => summary.innerText(), "1 channel below and 1 above the scale");
    await summary.click();
    const listed = () =>
      panel.locator(".beyond__list button").evaluateAll((all) =>
        all.map(({ dataset }) => [Number(dataset.channel), dataset.place, Number(dataset.value)]),
      );
    await becomes(listed, [[COLD.channel, "below", COLD.value], [HOT.channel, "above", HOT.value]]);
    await panel.locator('.beyond__list button[data-place="above"]').click();
    await page.waitForURL((url) => url.searchParams.get("channel") === String(HOT.channel));
  });
});

test("a click on a row chooses its channel in every panel", async () => {
  await on(PAGE, async (page) => {
    const plot = new Plot(page, "heat");
    await plot.exact();
    const point = await plot.at(await across(plot, 40), await heatDown(plot, 5));
    await page.mouse.move(point.x, point.y);
    await page.mouse.click(point.x, point.y);
    await page.waitForURL((url) => url.searchParams.get("channel") === "5");
    for (const id of ["heat", "least", "channels"]) {
      const slider = page.locator(`[data-panel="${id}"] .picker__slider`);
      await becomes(() => slider.inputValue(), "5");
    }
    const line = page.locator('[data-panel="channels"] .legend__entry[data-line="t.heat:5"]');
    await line.waitFor();
  });
});

test("a click on the chosen row pins the cell, with the raw samples behind it, and so does one on a step of value", async () => {
  await on(PAGE, async (page) => {
    const heat = new Plot(page, "heat");
    await heat.exact();
    const point = await heat.at(await across(heat, HOT.minute), await heatDown(heat, HOT.channel));
    await page.mouse.click(point.x, point.y);
    await page.waitForURL((url) => url.searchParams.get("channel") === String(HOT.channel));
    assert.equal(await heat.panel.locator(".pin").count(), 0, "the first click only chooses");
    await page.mouse.click(point.x, point.y);
    await page.waitForURL((url) => url.searchParams.getAll("pin").length === 1);
    await heat.panel.locator(".pin__value", { hasText: String(HOT.value) }).waitFor();
    await heat.panel.locator(".pin__open").click();
    const rows = page.locator(".samples tbody tr");
    await rows.first().waitFor();
    const times = await rows.evaluateAll((all) => all.map((row) => Number(row.dataset.timeUs)));
    assert.deepEqual(times, [Date.parse(at(HOT.minute)) * 1000]);
    await page.keyboard.press("Escape");
    // The samples of a step of value are those within it, of all channels.
    const histogram = new Plot(page, "histogram");
    await histogram.exact();
    const part = await across(histogram, 250);
    const steps = [];
    for (let down = 0.1; down < 0.9; down += 0.02) steps.push({ down, fact: (await histogram.hover(part, down))[0] });
    const { down, fact } = steps.reduce((most, step) => (step.fact.value > most.fact.value ? step : most));
    const place = await histogram.at(part, down);
    await page.mouse.click(place.x, place.y);
    await histogram.panel.locator(".pin__open").click();
    await rows.nth(fact.value - 1).waitFor();
    await page.locator(".samples .dialog__note", { hasText: /^\s*\d+ samples\./ }).waitFor();
    await becomes(() => rows.count(), fact.value);
  });
});

test("the slider is moved by keys, by ten with page up and down, and the field finds a channel", async () => {
  await on(PAGE, async (page) => {
    const panel = page.locator('[data-panel="channels"]');
    const slider = panel.locator(".picker__slider");
    await slider.focus();
    await page.keyboard.press("ArrowUp");
    await page.waitForURL((url) => url.searchParams.get("channel") === "1");
    await page.keyboard.press("PageUp");
    await page.waitForURL((url) => url.searchParams.get("channel") === "11");
    await page.keyboard.press("PageDown");
    await page.waitForURL((url) => url.searchParams.get("channel") === "1");
    const field = panel.locator(".picker__field");
    await field.fill("9");
    await field.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("channel") === "9");
    await field.fill("77");
    await field.press("Enter");
    await panel.locator(".picker__message", { hasText: "no channel 77" }).waitFor();
  });
});

test("the channels panel tells the extremes over all channels and the chosen one", async () => {
  await on(`${PAGE}&channel=2`, async (page) => {
    const plot = new Plot(page, "channels");
    await plot.exact();
    await page.locator('[data-panel="channels"] .legend__entry[data-line="t.heat:2"]').waitFor();
    const facts = await plot.hover(await across(plot, 33), 0.5);
    const of = (line, stat) => facts.find((fact) => fact.line === line && fact.stat === stat);
    const minute = (of("t.heat:band", "max").timeUs / 1000 - START) / 60_000;
    const all = [...Array(CHANNELS).keys()].map((channel) => value(channel, minute)).filter((one) => one !== null);
    assert.equal(of("t.heat:band", "max").value, Math.max(...all));
    assert.match(of("t.heat:band", "max").text, /channel 11/);
    assert.equal(of("t.heat:band", "min").value, Math.min(...all));
    assert.equal(of("t.heat:2", "value").value, value(2, (of("t.heat:2", "value").timeUs / 1000 - START) / 60_000));
  });
});

test("a histogram says how many samples lie in a step of value", async () => {
  await on(PAGE, async (page) => {
    const plot = new Plot(page, "histogram");
    await plot.exact();
    // The step from 20 to 22 of 0 to 40, on an axis that ends at both.
    const facts = await plot.hover(await across(plot, 33), await down(plot, 9, 20, { top: 8 }));
    const minute = (facts[0].timeUs / 1000 - START) / 60_000;
    const n = [...Array(CHANNELS).keys()].filter((channel) => {
      const one = value(channel, minute);
      return one !== null && 20 <= one && one < 22;
    }).length;
    assert.equal(facts[0].value, n, facts[0].text);
  });
});

test("states are told by name, and cells that saw several say so", async () => {
  await on(PAGE, async (page) => {
    const plot = new Plot(page, "busy");
    await plot.exact();
    const rows = { top: 8 };
    const rest = await plot.hover(await across(plot, 30), await down(plot, 0, 3, rows));
    assert.match(rest[0].text, /free/);
    const busy = await plot.hover(await across(plot, 300), await down(plot, 1, 3, rows));
    assert.deepEqual([busy[0].stat, busy[0].value], ["state", 3]);
    assert.match(busy[0].text, /^busy/);
    const names = page.locator('[data-panel="busy"] .statelegend__entry');
    assert.deepEqual(await names.allInnerTexts(), ["free", "half busy", "busy", "striped: several states"]);
  });
});

test("flickering is told as several states where a column saw them", async () => {
  await on(PAGE, async (page) => {
    const plot = new Plot(page, "busy");
    await plot.exact();
    const facts = await plot.hover(await across(plot, 60), await down(plot, 2, 3, { top: 8 }));
    assert.equal(facts[0].stat, "mixed", facts[0].text);
    assert.match(facts[0].text, /free to half busy/);
  });
});

test("a table behind the cells tells exact extremes", async () => {
  await on(PAGE, async (page) => {
    await new Plot(page, "heat").exact();
    const row = page.locator('[data-panel="heat"] table tr', { has: page.locator(`th:text-is("channel ${HOT.channel}")`) });
    await becomes(() => row.locator("td").nth(3).textContent(), /99\.5 K at 2026-11-20 13:00/);
  });
});

test("zooming stretches the old cells and then draws exact ones", async () => {
  await on(PAGE, async (page) => {
    const plot = new Plot(page, "heat");
    await plot.exact();
    await plot.drag(0.3, 0.4);
    await page.waitForURL((url) => url.searchParams.has("zoom"));
    await plot.exact();
    const facts = await plot.hover(0.5, await heatDown(plot, 4));
    const minute = (facts[0].timeUs / 1000 - START) / 60_000;
    assert.equal(facts[0].value, value(4, minute));
  });
});

test("in the red theme no pixel of the cells has green or blue", async () => {
  await on(`${PAGE}&theme=red&channel=4`, async (page, watched) => {
    for (const id of ["heat", "channels", "histogram", "busy"]) {
      const plot = new Plot(page, id);
      await plot.exact();
      const [red, green, blue] = await brightest(session.browser, await plot.panel.screenshot());
      assert.deepEqual([green, blue], [0, 0], id);
      assert.ok(red > 200, id);
    }
    await watched.screenshot("cells-red");
  });
});

test("in the light theme the panels are looked at by people", async () => {
  await on(`${PAGE}&theme=light&channel=4`, async (page, watched) => {
    await new Plot(page, "heat").exact();
    await watched.screenshot("cells-light");
  });
});
