// Twenty panels that follow now while samples come at 10 Hz: frames that the screen missed, and what a tick costs the main
// thread. Beside it the same lines in uPlot, which gets them from memory.

import { openWindow, withBrowser } from "./browser.mjs";

const SERIES = 20;
const HZ = 10;
/** How long a window is, in seconds. */
const LOOKBACK_SECS = 60;

/** Until what was there before is drawn and everything has come to rest. */
const WARM_UP_MS = 4_000;
const MEASURED_MS = 15_000;

/** A frame later than this after the one before has missed its turn on a screen of 60 Hz. */
const MISSED_MS = 25;

/** The metrics of the panels. */
const metric = (at) => `live.series_${at}`;

const value = (at, ms) => 50 + 20 * Math.sin(ms / 3_000 + at) + (ms % 700) / 100;

/** The tab of the dashboard of the bench, which `page.rs` fills. */
export const TAB = "live";

/** Counts frames on the page until it is asked. */
function countFrames(missedMs) {
  const frames = { all: 0, missed: 0 };
  let before = performance.now();
  const frame = (now) => {
    const late = now - before;
    before = now;
    frames.all += 1;
    if (late > missedMs) frames.missed += Math.round(late / (1000 / 60)) - 1;
    window.watchroomFrames = frames;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** What it costs the page: missed frames of all, and milliseconds of the main thread for each tick. */
async function measured(window) {
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  await window.page.evaluate(countFrames, MISSED_MS);
  const before = await window.taskMs();
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  const busy = (await window.taskMs()) - before;
  const { all, missed } = await window.page.evaluate(() => window.watchroomFrames);
  return { missedPercent: (100 * missed) / (all + missed), tickMs: busy / ((MEASURED_MS / 1000) * HZ) };
}

/** Delivers all series at 10 Hz; yields what ends it. */
async function deliver(url) {
  const post = async (times) => {
    const frames = times.flatMap((ms) =>
      Array.from({ length: SERIES }, (_, at) => ({
        metric: metric(at),
        time: new Date(ms).toISOString(),
        values: [value(at, ms)],
      })),
    );
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}/api/v1/frames`, { method: "POST", headers, body: JSON.stringify({ frames }) });
    if (!answer.ok) throw new Error(`frames were refused: ${answer.status}`);
  };
  const now = Date.now();
  const before = Array.from({ length: LOOKBACK_SECS * HZ }, (_, at) => now - (LOOKBACK_SECS * HZ - at) * (1000 / HZ));
  for (let from = 0; from < before.length; from += 50) await post(before.slice(from, from + 50));
  let failed = null;
  const timer = setInterval(() => post([Date.now()]).catch((error) => (failed = error)), 1000 / HZ);
  return () => {
    clearInterval(timer);
    if (failed) throw failed;
  };
}

/** The page, from a server at `url`. */
export async function liveOfOurs(url) {
  const stop = await deliver(url);
  try {
    return await withBrowser(async (browser) => {
      const window = await openWindow(browser);
      await window.page.goto(`${url}/d/bench/${TAB}?last=${LOOKBACK_SECS}s`);
      await window.page.waitForFunction(() => performance.getEntriesByName("page:complete").length > 0);
      return measured(window);
    });
  } finally {
    stop();
  }
}

/** uPlot, from the host of the peers. */
export function liveOfUplot(host) {
  return withBrowser(async (browser) => {
    const window = await openWindow(browser);
    await window.page.goto(`${host}/uplot.html`);
    await window.page.evaluate(drawWithUplot, { series: SERIES, hz: HZ, lookback: LOOKBACK_SECS });
    return measured(window);
  });
}

/** Runs in the page of the peer. */
function drawWithUplot({ series, hz, lookback }) {
  const value = (at, ms) => 50 + 20 * Math.sin(ms / 3_000 + at) + (ms % 700) / 100;
  const now = Date.now();
  const count = lookback * hz;
  const times = Array.from({ length: count }, (_, at) => (now - (count - at) * (1000 / hz)) / 1000);
  const plots = Array.from({ length: series }, (_, at) => {
    const place = document.createElement("div");
    place.style.float = "left";
    document.body.append(place);
    const data = [times.slice(), times.map((time) => value(at, time * 1000))];
    const options = { width: 330, height: 150, legend: { show: false }, series: [{}, { stroke: "teal", width: 1.5 }] };
    return { data, plot: new uPlot(options, data, place) };
  });
  setInterval(() => {
    const ms = Date.now();
    plots.forEach(({ data, plot }, at) => {
      data[0].push(ms / 1000);
      data[1].push(value(at, ms));
      if (data[0].length > count) {
        data[0].shift();
        data[1].shift();
      }
      plot.setData(data);
    });
  }, 1000 / hz);
}
