// Measures the page and its peers as a plan says, and writes figures: `node run.mjs PLAN.json`.
//
// The plan is made by `cargo xtask bench page`, which also makes the archive, starts the server, and prints the figures.

import { readFile, writeFile } from "node:fs/promises";
import { openWindow, median, withBrowser } from "./browser.mjs";
import { START_SECONDS, pixels, scalar } from "./dataset.mjs";
import { startHost } from "./host.mjs";
import { liveOfOurs, liveOfUplot } from "./live.mjs";
import { FIRST_NIGHT, Ours } from "./ours.mjs";
import { hotSeen } from "./picture.mjs";
import { NAMES, Peer, asMuchAsItBears } from "./theirs.mjs";

const plan = JSON.parse(await readFile(process.argv[2], "utf8"));
const say = (text) => process.stdout.write(`  ${text}\n`);

/** A line of 10 Mbit/s on which an answer begins after 50 ms. */
const LINE = { bitsPerSec: 10e6, latencyMs: 50 };
const PANELS = 9;
const LIBRARIES = ["uplot", "echarts", "plotly"];
/** What the samples of a night take on that line, in seconds. */
const SLOW_SECS = 30;

const figures = [];
/** What could not be measured of the page; and of the others, which is no fault of it. */
const failures = [];
const notes = [];

/** Adds a figure; `peers` is what others reach, by their names. */
function figure(name, value, unit, { target, peers = {}, limit } = {}) {
  const reached = Object.entries(peers).filter(([, figure]) => figure !== undefined && figure !== null);
  figures.push({ name, value, unit, target, peers: reached.map(([peer, figure]) => ({ name: peer, value: figure })), limit });
}

/** Does a part; when it fails, the others are measured all the same. */
async function part(what, work, unmeasured = failures) {
  say(`${what} …`);
  const start = Date.now();
  try {
    const result = await work();
    say(`${what}: ${((Date.now() - start) / 1000).toFixed(0)} s`);
    return result;
  } catch (error) {
    unmeasured.push(`${what}: ${error.message.split("\n")[0]}`);
    say(`FAILED: ${error.message}`);
    return null;
  }
}

const ours = new Ours(plan.url);

say("Making the data for the peers …");
const [night, cells, long] = [
  await pixels(plan.binary, 60),
  await pixels(plan.binary, plan.cellSecs),
  await scalar(plan.binary, plan.lineDays),
];
const bytes = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const host = await startHost({
  "/night": bytes(night.values),
  "/cells": bytes(cells.values),
  "/line-times": bytes(long.times),
  "/line-values": bytes(long.values),
});
const peer = (key) => new Peer(host.url, key, plan.patienceSecs);
const shapeOf = (set) => ({ start: START_SECONDS, interval: set.interval, frames: set.frames });
const named = (key, frames, all) => (frames === all ? NAMES[key] : `${NAMES[key]} with ${frames} frames`);

/** The empty page: what browser and line take for themselves. */
async function emptyPage(throttle) {
  const times = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    times.push(
      await withBrowser(async (browser) => {
        const window = await openWindow(browser);
        await window.countBytes();
        if (throttle) await window.throttle(throttle);
        await window.page.goto(`${host.url}/empty.html`);
        return window.page.evaluate(() => window.watchroomProbe.painted());
      }),
    );
  }
  return { name: "empty page", value: median(times) };
}

/** One part for all libraries: a value of each that came to something. */
async function libraries(what, keys, work) {
  const found = {};
  for (const key of keys) found[key] = await part(`${what}: ${NAMES[key]}`, () => work(peer(key), key), notes);
  return found;
}

const by = (found, value) =>
  Object.fromEntries(Object.entries(found).filter(([, one]) => one).map(([key, one]) => [one.name ?? NAMES[key], value(one)]));

async function nights() {
  const sizes = await part("size of a panel", () => ours.size("night", FIRST_NIGHT, "night-1"));
  const size = sizes ?? { width: 430, height: 220 };
  const empty = await emptyPage();
  const shape = shapeOf(night);
  const theirs = await libraries("a night", LIBRARIES, async (one, key) => {
    const result = await asMuchAsItBears(`night ${key}`, shape, (thin) => one.night({ panels: PANELS, size, shape: thin }), say);
    return result && { ...result, name: named(key, result.frames, shape.frames) };
  });
  const minute = await part("a night at 1/min", () => ours.night("night", FIRST_NIGHT, plan.rounds));
  if (minute) {
    const what = "night, nine panels at 1/min";
    figure(`${what}: complete`, minute.complete, "ms", { target: 800, peers: by(theirs, (one) => one.complete), limit: empty });
    figure(`${what}: first panel`, minute.first, "ms", { peers: by(theirs, (one) => one.first), limit: empty });
    figure(`${what}: over the wire`, minute.bytes / 1e3, "KB", { target: 900, peers: by(theirs, (one) => one.bytes / 1e3) });
    figure(`${what}: longest task`, minute.longest, "ms");
    figure(`${what}: blocked beyond 50 ms a task`, minute.blocked, "ms");
  }
  // The same metric in all panels at both rhythms: nine of them at 1/s would be 1.4 G samples.
  const same = await part("nine panels of one metric at 1/min", () => ours.night("same", FIRST_NIGHT, plan.rounds));
  const second = await part("nine panels of one metric at 1/s", () => ours.night("second", FIRST_NIGHT, plan.rounds));
  if (same && second) {
    figure("nine panels of one metric at 1/min: complete", same.complete, "ms", { limit: empty });
    figure("nine panels of one metric at 1/s: complete", second.complete, "ms", { limit: empty });
    figure("nine panels at 1/s: of the time at 1/min", second.complete / same.complete, "x", { target: 1.2 });
    figure("nine panels of one metric at 1/s: over the wire", second.bytes / 1e3, "KB", { target: 900 });
  }
  const slowEmpty = await emptyPage(LINE);
  // Fewer frames would be drawn sooner, and come no sooner: only their patience differs.
  const slowTheirs = await libraries("a night on a slow line", LIBRARIES, async (_, key) => {
    const patient = new Peer(host.url, key, 2 * plan.patienceSecs + SLOW_SECS);
    const result = await patient.night({ panels: PANELS, size, shape }, { throttle: LINE });
    return { ...result, name: NAMES[key] };
  });
  const slow = await part("a night on a slow line", () => ours.night("night", FIRST_NIGHT, plan.rounds, { throttle: LINE }));
  if (slow) {
    const bare = { name: "its bytes on this line", value: slowEmpty.value + (slow.bytes * 8) / LINE.bitsPerSec * 1e3 };
    const what = "night on 10 Mbit/s, 50 ms";
    figure(`${what}: first panel`, slow.first, "ms", { peers: by(slowTheirs, (one) => one.first), limit: slowEmpty });
    figure(`${what}: complete`, slow.complete, "ms", { peers: by(slowTheirs, (one) => one.complete), limit: bare });
  }
}

async function zooms() {
  const places = Array.from({ length: plan.zooms }, (_, zoom) => 0.2 + 0.6 * ((zoom * 0.618034) % 1));
  const ranges = places.map((place, zoom) => {
    // As far in and out as the wheel goes on ours.
    const length = 86_400 * 0.65 ** (1 + Math.min(zoom % 12, 11 - (zoom % 12)));
    const from = START_SECONDS + (86_400 - length) * place;
    return { from, to: from + length };
  });
  const size = (await part("size of the panel", () => ours.size("zoom", FIRST_NIGHT, "zoom"))) ?? { width: 1300, height: 480 };
  const shape = shapeOf(cells);
  const { bare, ...peers } = await libraries("zooms", ["bare", ...LIBRARIES], async (one, key) => {
    const result = await asMuchAsItBears(`lines ${key}`, shape, (thin) => one.lines("/cells", thin, size, ranges), say);
    return result && { ...result, name: named(key, result.frames, shape.frames) };
  });
  const limit = (value) => (bare ? { name: NAMES.bare, value: value(bare) } : undefined);
  const zoomed = await part("zooms", () => ours.zooms("zoom", FIRST_NIGHT, "zoom", places));
  const what = `zoom, 1855 x ${shape.frames}`;
  if (zoomed) {
    figure(`${what}: frames to the stretched picture, at most`, zoomed.frames, "frames", { target: 2 });
    figure(`${what}: exact, median`, zoomed.median, "ms", { peers: by(peers, (one) => one.median), limit: limit((one) => one.median) });
    figure(`${what}: exact, p95`, zoomed.p95, "ms", { target: 100, peers: by(peers, (one) => one.p95), limit: limit((one) => one.p95) });
  }
  const hovered = await part("hover", () => ours.hovers("zoom", FIRST_NIGHT, "zoom", plan.zooms * 2));
  if (hovered) {
    const beside = (value) => ({ peers: by(peers, value), limit: limit(value) });
    const what = `hover, 1855 x ${shape.frames}`;
    figure(`${what}: next frame painted, median`, hovered.median, "ms", beside((one) => one.painted));
    figure(`${what}: next frame painted, p95`, hovered.p95, "ms");
    figure(`${what}: main thread, a move`, hovered.busy, "ms", beside((one) => one.busy));
  }
}

async function heatmaps() {
  const size = (await part("size of the panel", () => ours.size("heatmap", FIRST_NIGHT, "heatmap"))) ?? { width: 1300, height: 600 };
  const shape = shapeOf(cells);
  const { values: _, ...set } = cells;
  const look = (window) => hotSeen(window, set);
  const { bare, ...peers } = await libraries("a heatmap", ["bare", ...LIBRARIES], async (one, key) => {
    const result = await asMuchAsItBears(`cells ${key}`, shape, (thin) => one.raster("/cells", thin, size, look), say);
    return result && { ...result, name: named(key, result.frames, shape.frames) };
  });
  let seen = null;
  const first = await part("a heatmap", () =>
    ours.switched("heatmap", FIRST_NIGHT, "heatmap", plan.rounds, async (window) => {
      seen = await look(window);
    }),
  );
  const what = `heatmap, 1855 x ${shape.frames}`;
  if (first !== null) {
    const limit = bare && { name: NAMES.bare, value: bare.first };
    figure(`${what}: first picture`, first, "ms", { target: bare && 1.5 * bare.first, peers: by(peers, (one) => one.first), limit });
  }
  if (seen !== null) {
    figure(`${what}: hot samples not seen, of ${set.hot.length}`, set.hot.length - seen, "", {
      target: 0,
      peers: by(peers, (one) => set.hot.length - one.seen),
      limit: bare && { name: NAMES.bare, value: set.hot.length - bare.seen },
    });
  }
}

async function lines() {
  const end = new Date((START_SECONDS + plan.lineDays * 86_400) * 1000).toISOString().replace(".000", "");
  const query = `from=2024-06-01T12:00:00Z&to=${end}`;
  const size = (await part("size of the panel", () => ours.size("line", query, "line"))) ?? { width: 1300, height: 480 };
  const { bare, ...peers } = await libraries("a long line", ["bare", ...LIBRARIES], (one) => one.line(size));
  const first = await part("a long line", () => ours.switched("line", query, "line", plan.rounds));
  if (first !== null) {
    const limit = bare && { name: NAMES.bare, value: bare.first };
    const count = (long.times.length / 1e6).toFixed(1);
    figure(`line of ${count} M samples: first picture`, first, "ms", {
      target: bare && 1.5 * bare.first,
      peers: by(peers, (one) => one.first),
      limit,
    });
  }
}

async function heaps() {
  const size = { width: 430, height: 220 };
  const shape = shapeOf(night);
  const theirs = await libraries("nights", LIBRARIES, async (one, key) => {
    const result = await asMuchAsItBears(`night ${key}`, shape, (thin) => one.heap({ panels: PANELS, size, shape: thin }, plan.heapNights), say);
    if (!result) return null;
    const nights = result.nights < plan.heapNights ? ` after ${result.nights} nights` : "";
    return { ...result, name: named(key, result.frames, shape.frames) + nights };
  });
  const query = `night=${plan.lastNight}`;
  const heap = await part("nights", () => ours.heap("same", query, plan.heapNights));
  if (heap) {
    const peers = by(theirs, (one) => one.heap);
    figure(`heap after ${plan.heapNights} nights of nine panels`, heap.late, "MB", { target: 200, peers });
    figure(`heap after ${plan.heapNights} nights: of that after a few`, heap.late / heap.early, "x", { target: 1.1 });
  }
}

async function live() {
  const uplot = await part("twenty panels at 10 Hz: uPlot", () => liveOfUplot(host.url), notes);
  const page = await part("twenty panels at 10 Hz", () => liveOfOurs(plan.url));
  if (page) {
    const what = "twenty panels at 10 Hz";
    const beside = (value) => (uplot ? { uPlot: value(uplot) } : {});
    figure(`${what}: frames missed, in 100`, page.missedPercent, "", { target: 0, peers: beside((one) => one.missedPercent) });
    figure(`${what}: main thread, a tick`, page.tickMs, "ms", { target: uplot?.tickMs, peers: beside((one) => one.tickMs) });
  }
}

try {
  for (const measure of [nights, zooms, heatmaps, lines, heaps, live]) {
    await measure();
    // After each: what ends the next one must not lose these.
    await writeFile(plan.results, JSON.stringify({ figures, failures, notes }, null, 2));
  }
} finally {
  host.stop();
}
