// Nights of 23 and 25 hours, in which the clocks of the site are changed: how long they are, how they are stepped through,
// and what the time axis says.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { startOwnServer } from "./support/own_server.mjs";
import { settledPanels } from "./support/panels.mjs";
import { Plot } from "./support/plot.mjs";
import { useSession } from "./support/session.mjs";
import { becomes } from "./support/waiting.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Between two samples. */
const STEP = 10 * MINUTE;

const CONFIG = `
[site]
name = "Roque"
time_zone = "Atlantic/Canary"
day_start = "12:00"

[metrics."tel.temp"]
interval = "600s"
unit = "°C"
`;

const DASHBOARD = `
title = "Nights"

[[tabs]]
id = "one"
title = "One"

[[tabs.panels]]
id = "temp"
type = "timeseries"
title = "Temperature"
width = 12
lines = [{ metric = "tel.temp" }]
`;

/** The nights around each change, by their dates: from when to when they are, and how the two hours around it are called. */
const CHANGES = [
  {
    what: "23 hours, when the clocks are put forward",
    nights: [
      ["2026-03-27", "2026-03-27T12:00:00Z", "2026-03-28T12:00:00Z"],
      ["2026-03-28", "2026-03-28T12:00:00Z", "2026-03-29T11:00:00Z"],
      ["2026-03-29", "2026-03-29T11:00:00Z", "2026-03-30T11:00:00Z"],
    ],
    change: Date.parse("2026-03-29T01:00:00Z"),
    before: ["00:30:00", "UTC"],
    after: ["02:30:00", "UTC+1"],
    /** Marks of the axis that lie on either side of the change, and the hours between them. */
    ticks: ["22:00", "02:00", 3],
  },
  {
    what: "25 hours, when they are put back",
    nights: [
      ["2026-10-23", "2026-10-23T11:00:00Z", "2026-10-24T11:00:00Z"],
      ["2026-10-24", "2026-10-24T11:00:00Z", "2026-10-25T12:00:00Z"],
      ["2026-10-25", "2026-10-25T12:00:00Z", "2026-10-26T12:00:00Z"],
    ],
    change: Date.parse("2026-10-25T01:00:00Z"),
    before: ["01:30:00", "UTC+1"],
    after: ["01:30:00", "UTC"],
    ticks: ["22:00", "02:00", 5],
  },
];

function frames() {
  const all = [];
  for (const { nights } of CHANGES) {
    const [first, last] = [Date.parse(nights.at(0)[1]), Date.parse(nights.at(-1)[2])];
    for (let time = first; time < last; time += STEP) {
      all.push({ metric: "tel.temp", time: new Date(time).toISOString(), values: [time / HOUR % 24] });
    }
  }
  return all;
}

const session = useSession(() => startOwnServer({ config: CONFIG, dashboards: { nights: DASHBOARD }, frames: frames() }), {
  below: "d/nights/one",
});
const { on, api } = session;

/** Where a moment of a night is, as a part of the stage's width. */
async function across(plot, time, [from, to]) {
  const { width } = await plot.stage.boundingBox();
  const [left, right] = [46, 10];
  return (left + ((time - from) / (to - from)) * (width - left - right)) / width;
}

/** From when to when the page asked last. */
function lastAsked(watched) {
  const asked = watched.requests.filter((url) => url.includes("/envelope?")).at(-1);
  const { searchParams } = new URL(asked);
  return [searchParams.get("from"), searchParams.get("to")];
}

for (const { what, nights, change, before, after, ticks } of CHANGES) {
  const [, [date, from, to]] = nights;
  const ends = [Date.parse(from), Date.parse(to)];

  test(`the server and the page know a night of ${what}`, async () => {
    const known = (await api("nights?metric=tel.temp&limit=400")).nights;
    for (const [date, start, end] of nights) {
      const night = known.find((night) => night.date === date);
      assert.deepEqual([night.start, night.end], [start, end], date);
      assert.equal(night.completeness, 1, date);
    }
    await on(`?night=${date}`, async (page, watched) => {
      const plot = new Plot(page, "temp");
      await plot.exact();
      await becomes(() => lastAsked(watched), [from, to]);
      await becomes(() => plot.badge(), `exact · ${(ends[1] - ends[0]) / STEP} samples`);
    });
  });

  test(`nights are stepped through over ${what}`, async () => {
    await on(`?night=${nights[0][0]}`, async (page, watched) => {
      for (const [date, start, end] of nights.slice(1)) {
        await page.keyboard.press("ArrowRight");
        await page.waitForURL((url) => url.searchParams.get("night") === date);
        await settledPanels(watched);
        await new Plot(page, "temp").exact();
        await becomes(() => lastAsked(watched), [start, end]);
      }
      await page.keyboard.press("ArrowLeft");
      await page.waitForURL((url) => url.searchParams.get("night") === date);
    });
  });

  test(`the time axis tells the site's time in a night of ${what}`, async () => {
    await on(`?night=${date}&clock=site`, async (page, watched) => {
      const plot = new Plot(page, "temp");
      await plot.exact();
      for (const [time, [told, zone]] of [[change - 30 * MINUTE, before], [change + 30 * MINUTE, after]]) {
        const facts = await plot.hover(await across(plot, time, ends));
        assert.equal(facts[0].timeUs, time * 1000);
        const text = await plot.panel.locator(".tooltip__time").innerText();
        assert.match(text, new RegExp(`${told} ${zone.replace("+", "\\+")} ·`));
      }
      await watched.screenshot(`night-${date}`);
      const marks = await axisMarks(page);
      const hour = (marks.get("20:00") - marks.get("16:00")) / 4;
      const [one, other, hours] = ticks;
      const apart = (marks.get(other) - marks.get(one)) / hour;
      assert.ok(Math.abs(apart - hours) < 0.05, `${one} and ${other} are ${apart} hours apart: ${[...marks]}`);
    });
  });
}

/** The texts of the time axis with how far right they are, from the panel's SVG. */
async function axisMarks(page) {
  const panel = page.locator('[data-panel="temp"]');
  await panel.getByRole("button", { name: /^More about/ }).click();
  const item = panel.getByRole("button", { name: "Save as SVG" });
  const [file] = await Promise.all([page.waitForEvent("download"), item.click()]);
  const svg = (await readFile(await file.path())).toString();
  return new Map(
    [...svg.matchAll(/<text x="([\d.]+)"[^>]*>(\d\d:\d\d)</g)].map(([, x, text]) => [text, Number(x)]),
  );
}
