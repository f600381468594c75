// Alarms where nobody looks for them: aloud, in notices, on panels; and silent streams.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AlarmNight } from "./support/alarm_night.mjs";
import { ACTIVE, lists, useAlarmNights } from "./support/alarm_page.mjs";
import { settledPanels } from "./support/panels.mjs";
import { Plot } from "./support/plot.mjs";
import { becomes } from "./support/waiting.mjs";

const { on } = useAlarmNights();

test("a new alarm is said aloud once", async () => {
  await on("d/demo/weather", async (page, night) => {
    await page.locator('.bell[data-worst="alarm"]').waitFor();
    const said = page.locator(".bell__said");
    assert.equal(await said.innerText(), "");
    Object.assign(night.rule("wind"), { state: "warning", since_us: night.nowUs });
    await page.waitForFunction(() => document.querySelector(".bell__said").textContent !== "");
    assert.equal(await said.innerText(), "New WARNING: Wind too strong, Weather");
    assert.equal(await said.getAttribute("aria-live"), "assertive");
  });
});

/** Counts the tones that a page begins, and holds it still as long as `window.soundIsBlocked`. */
function recordTones() {
  window.tones = [];
  window.soundIsBlocked = true;
  class Context {
    currentTime = 0;
    destination = {};
    get state() {
      return window.soundIsBlocked ? "suspended" : "running";
    }
    resume() {
      return Promise.resolve();
    }
    createGain() {
      const gain = { value: 0, setValueAtTime: () => gain, linearRampToValueAtTime: () => gain };
      return { gain, connect: (node) => node };
    }
    createOscillator() {
      const frequency = { value: 0 };
      return { frequency, connect: (node) => node, start: () => window.tones.push(frequency.value), stop: () => {} };
    }
  }
  window.AudioContext = Context;
}

test("alarms are heard by choice, until they are seen or silenced, and a blocked sound is told", async () => {
  await on("alarms", async (page, night) => {
    await lists(page, ACTIVE);
    const tones = () => page.evaluate(() => window.tones);
    assert.deepEqual(await tones(), []);
    assert.equal(await page.locator("[data-sound]").getAttribute("data-sound"), "off");
    await page.getByRole("button", { name: "Sound off" }).click();
    await page.getByText(/this browser blocks the sound/).waitFor();
    assert.deepEqual(await tones(), []);
    await page.evaluate(() => (window.soundIsBlocked = false));
    await page.waitForFunction(() => window.tones.length >= 4);
    // By now they may be repeated.
    assert.deepEqual((await tones()).slice(0, 4), [988, 988, 988, 988]);
    assert.equal(await page.getByText(/this browser blocks the sound/).count(), 0);
    // Silenced until something fires anew; then by its own tones.
    await page.getByRole("button", { name: "Silence" }).click();
    await page.getByRole("button", { name: "Silence" }).waitFor({ state: "detached" });
    await page.evaluate(() => (window.tones = []));
    Object.assign(night.rule("wind"), { state: "warning", since_us: night.nowUs });
    await page.waitForFunction(() => window.tones.length >= 2);
    assert.deepEqual((await tones()).slice(0, 2), [587, 587]);
    night.rule("wind").acknowledged = { by: "Ada", comment: "x", at_us: night.nowUs, until_us: null };
    await page.getByRole("button", { name: "Silence" }).waitFor({ state: "detached" });
    await page.evaluate(() => (window.tones = []));
    await page.getByRole("button", { name: "Test sound" }).click();
    await becomes(async () => (await tones()).length, 4);
    await page.reload();
    await page.getByRole("button", { name: "Sound on", pressed: true }).waitFor();
  }, { init: [recordTones] });
});

test("messages that reached nobody are told with the way to their list", async () => {
  const night = new AlarmNight();
  night.deadLetters = 3;
  await on("d/demo/weather", async (page) => {
    const notice = page.locator(".notice--letters");
    await notice.getByText("3 messages about alarms could not be delivered").waitFor();
    const href = await notice.getByRole("link").getAttribute("href");
    assert.equal(new URL(href).pathname, "/alarms");
  }, { night });
});

test("silent streams are counted and listed, with clocks that cannot be trusted", async () => {
  await on("d/demo/weather", async (page, night, watched) => {
    const count = page.locator(".silence");
    await count.waitFor();
    await becomes(async () => (await count.innerText()).replaceAll(/\s+/g, " "), "2 silent");
    await count.click();
    await page.waitForURL(/\/streams/);
    const rows = page.locator("[data-stream]");
    await rows.first().waitFor();
    const names = () => rows.evaluateAll((all) => all.map((row) => row.dataset.stream));
    await becomes(names, ["camera.tib_busy_rate", "camera.backplane_temperature"]);
    const first = (await rows.first().innerText()).replaceAll(/\s+/g, " ");
    assert.match(first, /never TIB busy rate camera\.tib_busy_rate camera .+ 60 s learned 1 of 1/);
    await page.getByRole("button", { name: "Show all streams" }).click();
    await becomes(async () => (await names()).length, night.streams.streams.length);
    const weather = (await page.locator('[data-source="weather"]').innerText()).replaceAll(/\s+/g, " ");
    assert.match(weather, /.2\.5 s ● ahead of the server not known yet 3 s at \d\d:\d\d:\d\d/);
    await page.getByText(/This browser's clock is [\d.]+ s (behind|ahead of) the server's/).waitFor();
    await watched.screenshot("streams");
  });
});

test("a panel shows the worst of its rules, their limits and the ribbon of the time in sight", async () => {
  const hour = 3_600_000;
  const night = new AlarmNight();
  const zoom = [5 * hour, -hour / 2].map((ago) => new Date(Date.now() - ago).toISOString()).join("..");
  await on(`d/demo/camera?zoom=${zoom}`, async (page, _, watched) => {
    await settledPanels(watched);
    const plot = new Plot(page, "pacta");
    const badge = plot.panel.locator(".watch");
    await badge.waitFor();
    await becomes(() => badge.getAttribute("title"), "Alarms: 1 of 1 ALARM, first PACTA temperature too high");
    // What the ribbon says at a moment some hundred minutes ago, by the same time axis; it comes by a question of its own.
    await becomes(async () => (await plot.hover(0.61)).find(({ stat }) => stat === "alarm")?.text ?? "", /WARNING/);
    const rows = await plot.panel.locator("table tr", { hasText: "Alarm rule" }).allInnerTexts();
    assert.match(rows.join(), /PACTA temperature too high.+worst ALARM/s);
    await becomes(() => plot.panel.innerText(), /limits of alarms/);
    await watched.screenshot("alarms-panel");
    await badge.click();
    await page.locator('[data-card="pacta-high"]').waitFor();
  }, { night });
});
