// What is drawn over time besides lines: limits, logarithmic axes, events, strips; the chosen clock; pinned values.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startOwnServer } from "./support/own_server.mjs";
import { brightest } from "./support/pixels.mjs";
import { Plot } from "./support/plot.mjs";
import { useSession } from "./support/session.mjs";
import { becomes } from "./support/waiting.mjs";

/** A night of 25 hours at the site: the clocks go back at 01:00 UTC. */
const START = Date.parse("2026-10-24T10:00:00Z");
const MINUTE = 60_000;
const N_MINUTES = 25 * 60;
/** The events, in minutes after the start. */
const SPIKES = [30, 200, 800, 801, 802, 803];

const CONFIG = `
[site]
name = "Plots"
time_zone = "Europe/Berlin"
day_start = "12:00"

[metrics."tel.temp"]
interval = "60s"
unit = "°C"
limits = { low_alarm = 8.0, low_warning = 14.0, high_warning = 27.0, high_alarm = 30.0 }

[metrics."tel.rate"]
interval = "60s"
unit = "Hz"

[metrics."tel.locked"]
interval = "60s"
`;

const DASHBOARD = `
title = "Plots"

[[tabs]]
id = "one"
title = "One"
opens_at = "2026-10-24"

[[tabs.panels]]
id = "temp"
type = "timeseries"
title = "Temperature"
width = 6
lines = [{ metric = "tel.temp", channels = "0", label = "mirror" }]
limits = [{ label = "target", value = 22.0 }, { label = "far", value = 900.0, severity = "alarm" }]
strips = [{ metric = "tel.locked", label = "locked" }]

[[tabs.panels]]
id = "rate"
type = "timeseries"
title = "Rate"
width = 6
lines = [{ metric = "tel.rate", label = "L0" }]
log = true
limits = [{ label = "most", metric = "tel.most", severity = "warning" }]
events = [{ metric = "tel.spike", label = "spike" }]

[[tabs.panels]]
id = "both"
type = "timeseries"
title = "Both"
width = 6
lines = [{ metric = "tel.temp" }]
low = 15.0
high = 25.0
`;

const temperature = (minute) => 20 + 6 * Math.sin(minute / 180);
const isLocked = (minute) => minute % 300 < 190;

function frames() {
  const all = [];
  for (let minute = 0; minute < N_MINUTES; minute += 1) {
    const time = new Date(START + minute * MINUTE).toISOString();
    // An hour of silence.
    if (minute >= 420 && minute < 480) continue;
    all.push({ metric: "tel.temp", time, values: [temperature(minute), temperature(minute) - 3] });
    all.push({ metric: "tel.rate", time, values: [minute % 97 === 0 ? 0 : 10 ** (2 + Math.sin(minute / 60))] });
    all.push({ metric: "tel.locked", time, values: [isLocked(minute) ? 1 : 0] });
    all.push({ metric: "tel.most", time, values: [1500 + minute / 10] });
    if (SPIKES.includes(minute)) all.push({ metric: "tel.spike", time, values: [minute / 10] });
  }
  return all;
}

const session = useSession(() => startOwnServer({ config: CONFIG, dashboards: { plots: DASHBOARD }, frames: frames() }), {
  below: "d/plots/one",
});
const { on } = session;

const legend = (plot) => plot.panel.locator(".legend__entry").allInnerTexts();
const pinned = (plot) => plot.panel.locator(".pin").allInnerTexts();
const hasPins = (plot, n) => becomes(async () => (await pinned(plot)).length, n);
const at = (minute) => minute / N_MINUTES;
/** Where a minute of the night is, as a part of the stage's width. */
async function across(plot, minute) {
  const box = await plot.stage.boundingBox();
  const [left, right] = [46, 10];
  return (left + at(minute) * (box.width - left - right)) / box.width;
}

test("limits, events and strips are in the legend and can be hidden", async () => {
  await on("", async (page) => {
    const temp = new Plot(page, "temp");
    await temp.exact();
    await becomes(() => legend(temp), ["mirror", "locked", "target", "far", "limits"]);
    const rate = new Plot(page, "rate");
    await rate.exact();
    await becomes(() => legend(rate), ["L0", `spike · ${SPIKES.length}`, "most"]);
    await temp.panel.getByRole("button", { name: "limits" }).click();
    await page.waitForURL((url) => url.searchParams.get("hide") === "temp/tel.temp:limits");
    const isPressed = (name, pressed) => temp.panel.getByRole("button", { name, pressed }).waitFor();
    await isPressed("limits", false);
    // A line shown alone leaves limits and strips as they are.
    await temp.panel.getByRole("button", { name: "mirror" }).dblclick();
    await isPressed("limits", false);
    await isPressed("locked", true);
  });
});

test("the cursor tells events with their time and value, and strips with their state", async () => {
  await on("", async (page) => {
    const rate = new Plot(page, "rate");
    await rate.exact();
    const facts = await rate.hover(await across(rate, 200));
    const event = facts.find((fact) => fact.stat === "event");
    assert.deepEqual([event.line, event.value, event.timeUs], ["tel.spike:events", 20, (START + 200 * MINUTE) * 1000]);
    const temp = new Plot(page, "temp");
    for (const [minute, word] of [[100, "on"], [250, "off"], [450, "unknown"]]) {
      const told = await temp.hover(await across(temp, minute));
      const strip = told.find((fact) => fact.line === "tel.locked:strip");
      assert.match(strip.text, new RegExp(`^${word}\\b`), `minute ${minute}`);
    }
  });
});

test("values on a logarithmic axis are those of the API, zeros included", async () => {
  await on("", async (page) => {
    const rate = new Plot(page, "rate");
    await rate.exact();
    const [fact] = await rate.hover(await across(rate, 97 * 5));
    const answer = await fetch(
      new URL(`api/v1/samples?metric=tel.rate&from=${new Date(fact.timeUs / 1000).toISOString()}&to=${new Date(fact.timeUs / 1000 + 1).toISOString()}`, session.server.url),
    );
    const { samples } = await answer.json();
    assert.equal(samples[0].value, fact.value);
  });
});

test("the cursor tells times by the chosen clock, also where that is put back", async () => {
  // 00:30 and 01:30 UTC: both are half past two at the site, before and after 01:00 UTC.
  for (const [clock, hours, told] of [
    ["utc", 14.5, /^2026-10-25 00:(29|30|31):\d\d UTC ·/],
    ["site", 14.5, /^2026-10-25 02:(29|30|31):\d\d UTC\+2 ·/],
    ["site", 15.5, /^2026-10-25 02:(29|30|31):\d\d UTC\+1 ·/],
    ["gps", 14.5, /^147692(33|34)\d\d GPS ·/],
  ]) {
    await on(`?clock=${clock}`, async (page) => {
      const temp = new Plot(page, "temp");
      await temp.exact();
      await temp.hover(await across(temp, hours * 60));
      assert.match(await temp.panel.locator(".tooltip__time").innerText(), told);
    });
  }
});

test("a click pins a value, which lists its raw samples and stays while zooming", async () => {
  await on("", async (page, watched) => {
    const temp = new Plot(page, "temp");
    await temp.exact();
    const part = await across(temp, 100);
    const facts = await temp.hover(part);
    const point = await temp.at(part);
    await page.mouse.click(point.x, point.y);
    await hasPins(temp, 1);
    await temp.panel.locator(".pin__open").click();
    const rows = temp.panel.locator(".samples tbody tr");
    await rows.first().waitFor();
    const times = await rows.evaluateAll((all) => all.map((row) => Number(row.dataset.timeUs)));
    for (const fact of facts.filter((fact) => fact.timeUs !== null && fact.line === "tel.temp:0")) {
      assert.ok(times.includes(fact.timeUs), `${fact.timeUs} in ${times}`);
    }
    const arrivals = await rows.evaluateAll((all) => all.map((row) => Number(row.dataset.arrivalUs)));
    assert.ok(arrivals.every((arrival) => arrival > START * 1000));
    await watched.screenshot("pinned-samples");
    await page.keyboard.press("Escape");
    await temp.panel.locator(".samples").waitFor({ state: "detached" });
    // A second pin, then a zoom: both stay.
    const other = await temp.at(await across(temp, 700));
    await page.mouse.click(other.x, other.y);
    await temp.drag(0.3, 0.6);
    await page.waitForURL(/zoom=/);
    await temp.exact();
    await hasPins(temp, 2);
    await temp.panel.locator(".pin__remove").first().click();
    await hasPins(temp, 1);
  });
});

test("pins are in the address: a reload and a copied link show the same values", async () => {
  await on("", async (page) => {
    const [temp, both] = [new Plot(page, "temp"), new Plot(page, "both")];
    await temp.exact();
    await both.exact();
    for (const [plot, minute] of [[temp, 100], [temp, 700], [both, 300]]) {
      const point = await plot.at(await across(plot, minute));
      await page.mouse.click(point.x, point.y);
    }
    await page.waitForURL((url) => url.searchParams.getAll("pin").length === 3);
    const isTold = () => [...document.querySelectorAll(".pin__value")].every((value) => value.textContent !== "…");
    await page.waitForFunction(isTold);
    await hasPins(temp, 2);
    await hasPins(both, 1);
    const told = [await pinned(temp), await pinned(both)];
    await page.reload();
    await temp.exact();
    await becomes(async () => [await pinned(temp), await pinned(both)], told);
    // Somebody else opens the link, zoomed in elsewhere.
    const zoom = "2026-10-24T20:00:00Z..2026-10-24T21:00:00Z";
    const query = `${new URL(page.url()).search}&zoom=${zoom}`;
    await on(query, async (other) => {
      await new Plot(other, "temp").exact();
      await becomes(() => Promise.all(["temp", "both"].map((id) => pinned(new Plot(other, id)))), told);
      await other.locator(".pin__remove").first().click();
      await other.waitForURL((url) => url.searchParams.getAll("pin").length === 2);
    });
  });
});

test("the keyboard pins with Enter and lets go with Escape", async () => {
  await on("", async (page) => {
    const both = new Plot(page, "both");
    await both.exact();
    await both.stage.focus();
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    // One for each line.
    await hasPins(both, 2);
    const values = await pinned(both);
    assert.notEqual(values[0], values[1]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await hasPins(both, 0);
  });
});

test("a finger taps for values and taps again to pin them", async () => {
  await on(
    "",
    async (page) => {
      const temp = new Plot(page, "temp");
      await temp.exact();
      const point = await temp.at(0.4);
      await page.touchscreen.tap(point.x, point.y);
      await temp.panel.locator(".tooltip").waitFor({ state: "visible" });
      await hasPins(temp, 0);
      await page.waitForTimeout(500);
      await page.touchscreen.tap(point.x, point.y);
      await temp.panel.locator(".pin").waitFor();
    },
    { hasTouch: true, viewport: { width: 390, height: 844 } },
  );
});

for (const theme of ["dark", "light", "red"]) {
  test(`plots with all their marks in the theme ${theme}`, async () => {
    await on(`?theme=${theme}`, async (page, watched) => {
      for (const id of ["temp", "rate", "both"]) await new Plot(page, id).exact();
      const temp = new Plot(page, "temp");
      const point = await temp.at(0.4);
      await page.mouse.click(point.x, point.y);
      await watched.screenshot(`plots-${theme}`);
      if (theme === "red") {
        const [, green, blue] = await brightest(session.browser, await page.screenshot());
        assert.deepEqual([green, blue], [0, 0]);
      }
    });
  });
}
