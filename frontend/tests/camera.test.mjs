// The camera and the curve: values where they are, the channel chosen everywhere, the night played.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { openPage } from "./support/browser.mjs";
import { rowsOf, saved } from "./support/files.mjs";
import { startOwnServer } from "./support/own_server.mjs";
import { waitForMark } from "./support/panels.mjs";
import { brightest } from "./support/pixels.mjs";
import { Plot } from "./support/plot.mjs";
import { useSession } from "./support/session.mjs";
import { becomes, steady } from "./support/waiting.mjs";

const START = Date.parse("2026-11-20T20:00:00Z");
const MINUTE = 60_000;
const N_MINUTES = 30;
const N_PIXELS = 1855;
const N_MODULES = 265;
/** What stands out, and what says nothing. */
const HOT = 412;
const COLD = 77;
const NULL = 100;
const NAN = 200;

const CONFIG = `
[site]
name = "Camera"
time_zone = "UTC"
day_start = "12:00"

[geometries.lstcam]
file = "lstcam_pixels.csv"

[metrics."cam.hv"]
interval = "60s"
unit = "V"
place = { geometry = "lstcam", part = "pixel" }
scale = { map = "viridis", low = 0.0, high = 100.0 }

[metrics."cam.board"]
interval = "60s"
unit = "°C"
place = { geometry = "lstcam", part = "module" }

[metrics."cam.dark"]
interval = "60s"
unit = "V"
place = { geometry = "lstcam", part = "pixel" }
`;

const DASHBOARD = `
title = "Camera"

[[tabs]]
id = "one"
title = "One"
opens_at = "2026-11-20"

[[tabs.panels]]
id = "hv"
type = "camera"
title = "High voltage"
width = 6
height = 360
metric = "cam.hv"

[[tabs.panels]]
id = "board"
type = "camera"
title = "Boards"
width = 6
height = 360
metric = "cam.board"

[[tabs.panels]]
id = "line"
type = "timeseries"
title = "Line"
width = 12
lines = [{ metric = "cam.board", channels = "3" }]

[[tabs.panels]]
id = "curve"
type = "curve"
title = "Curve"
width = 12
metric = "cam.hv"

[[tabs]]
id = "empty"
title = "Empty"
opens_at = "2026-11-22"

[[tabs.panels]]
id = "hv"
type = "camera"
title = "High voltage"
width = 6
metric = "cam.hv"
`;

/** The value of a pixel or module at a minute. */
const hv = (pixel, minute) => (pixel === HOT ? 150 + minute : pixel === COLD ? -20 : 20 + (pixel % 50) + minute);
const board = (module, minute) => 10 + (module % 20) + minute / 2;

function frames() {
  const all = [];
  for (let minute = 0; minute < N_MINUTES; minute += 1) {
    const time = new Date(START + minute * MINUTE).toISOString();
    const values = Array.from({ length: N_PIXELS }, (_, pixel) => {
      if (pixel === NULL) return null;
      return pixel === NAN ? "NaN" : hv(pixel, minute);
    });
    all.push({ metric: "cam.hv", time, values });
    all.push({ metric: "cam.board", time, values: Array.from({ length: N_MODULES }, (_, m) => board(m, minute)) });
  }
  return all;
}

const TABLE = gunzipSync(readFileSync(join(import.meta.dirname, "../../backend/data/lstcam/lstcam_pixels.csv.gz"))).toString();

/** By pixel: its place and module. */
const pixels = TABLE.trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(","))
  .map(([, x, y, , module]) => ({ x: Number(x), y: Number(y), module: Number(module) }));

const session = useSession(
  () =>
    startOwnServer({
      config: CONFIG,
      dashboards: { camera: DASHBOARD },
      frames: frames(),
      files: { "lstcam_pixels.csv": TABLE },
    }),
  { below: "d/camera/" },
);
const { on } = session;

/** One camera of a page. */
class Camera {
  constructor(page, id) {
    this.page = page;
    this.id = id;
    this.panel = page.locator(`[data-panel="${id}"]`);
    this.stage = this.panel.locator(".plot__stage");
    this.time = this.panel.locator(".camera__time");
  }

  async drawn() {
    await waitForMark(this.page, `panel:${this.id}:drawn`);
  }

  /** Where a pixel is on the screen, worked out from the geometry as the panel should: as large as it fits. */
  async at(pixel) {
    await this.stage.scrollIntoViewIfNeeded();
    const box = await this.stage.boundingBox();
    const radius = Math.sqrt((2 * 0.002164968194) / (3 * Math.sqrt(3)));
    const most = (part, sign) => Math.max(...pixels.map((place) => sign * place[part])) + radius;
    const [width, height] = [box.width - 8, box.height - 28 - 8];
    const scale = Math.min(width / (most("x", 1) + most("x", -1)), height / (most("y", 1) + most("y", -1)));
    const middle = { x: (most("x", 1) - most("x", -1)) / 2, y: (most("y", 1) - most("y", -1)) / 2 };
    return {
      x: box.x + box.width / 2 + (pixels[pixel].x - middle.x) * scale,
      y: box.y + (box.height - 28) / 2 - (pixels[pixel].y - middle.y) * scale,
    };
  }

  async hover(pixel) {
    const { x, y } = await this.at(pixel);
    await this.page.mouse.move(x - 1, y);
    await this.page.mouse.move(x, y);
    return this.told();
  }

  async told() {
    const fact = this.panel.locator(".tooltip--shown .tooltip__fact");
    await fact.waitFor();
    return fact.evaluate((fact) => ({
      channel: Number(fact.dataset.channel),
      value: fact.dataset.value === "" ? null : Number(fact.dataset.value),
      timeUs: fact.dataset.timeUs === "" ? null : Number(fact.dataset.timeUs),
      text: fact.innerText,
    }));
  }
}

const channelOf = (page) => new URL(page.url()).searchParams.get("channel");

test("every pixel that is pointed at tells the value of the API, with its module and neighbours", async () => {
  await on("one", async (page) => {
    const camera = new Camera(page, "hv");
    await camera.drawn();
    const last = N_MINUTES - 1;
    const at = new Date(START + last * MINUTE).toISOString();
    const answer = await (await fetch(new URL(`api/v1/latest?metric=cam.hv&at=${at}`, session.server.url))).json();
    for (const pixel of [0, 1, HOT, COLD, 999, 1854]) {
      const told = await camera.hover(pixel);
      const expected = answer.channels[pixel];
      assert.deepEqual([told.channel, told.value, told.timeUs], [pixel, expected.value, expected.time_us]);
      assert.match(told.text, new RegExp(`^Pixel ${pixel} · module ${pixels[pixel].module}\n`));
    }
    // The nearest six of the table are its neighbours.
    const near = pixels
      .map((place, pixel) => [Math.hypot(place.x - pixels[0].x, place.y - pixels[0].y), pixel])
      .sort(([one], [other]) => one - other)
      .slice(1, 7)
      .map(([, pixel]) => pixel);
    const { text } = await camera.hover(0);
    const neighbours = text.match(/Neighbours (.*)/)[1].split(", ").map((part) => Number(part.split(":")[0]));
    assert.deepEqual(neighbours.toSorted((a, b) => a - b), near.toSorted((a, b) => a - b));
  });
});

test("null, NaN and values stay apart, and none is told as another", async () => {
  await on("one", async (page) => {
    const camera = new Camera(page, "hv");
    await camera.drawn();
    for (const [pixel, word] of [[NULL, "null"], [NAN, "NaN"]]) {
      const told = await camera.hover(pixel);
      assert.equal(told.value, null);
      assert.match(told.text, new RegExp(`\n${word}`));
    }
    await camera.panel.locator(".camera__missing", { hasText: /1 null, 1 NaN/ }).waitFor();
  });
});

test("what lies beyond the scale is counted, named and chosen by its name", async () => {
  await on("one", async (page) => {
    const camera = new Camera(page, "hv");
    await camera.drawn();
    const above = camera.panel.locator('[data-side="Above"]');
    await becomes(() => above.innerText(), /^Above 100 V: 1\b/);
    await becomes(() => camera.panel.locator('[data-side="Below"]').innerText(), /^Below 0 V: 1\b/);
    await above.getByRole("button", { name: `Pixel ${HOT}` }).click();
    await page.waitForURL((url) => url.searchParams.get("channel") === String(HOT));
  });
});

test("a click chooses for the whole page, a module means its first pixel, Escape lets go", async () => {
  await on("one", async (page) => {
    const [camera, boards] = [new Camera(page, "hv"), new Camera(page, "board")];
    await camera.drawn();
    await boards.drawn();
    const { x, y } = await camera.at(999);
    await page.mouse.click(x, y);
    await page.waitForURL((url) => url.searchParams.get("channel") === "999");
    const place = await boards.at(500);
    await page.mouse.click(place.x, place.y);
    await page.waitForURL((url) => url.searchParams.get("channel") === `m${pixels[500].module}`);
    await page.mouse.move(5, 5);
    await page.locator("body").press("Escape");
    await page.waitForURL((url) => !url.searchParams.has("channel"));
  });
});

test("the keyboard reaches pixels, chooses them and comes back the same way", async () => {
  await on("one?channel=0", async (page) => {
    const camera = new Camera(page, "hv");
    await camera.drawn();
    await camera.stage.focus();
    await page.keyboard.press("ArrowRight");
    await becomes(async () => (await camera.told()).channel, 0);
    const walked = [];
    for (const key of ["ArrowRight", "ArrowUp", "ArrowDown", "ArrowLeft"]) {
      await page.keyboard.press(key);
      walked.push((await camera.told()).channel);
    }
    assert.ok(pixels[walked[0]].x > pixels[0].x);
    assert.ok(pixels[walked[1]].y > pixels[walked[0]].y);
    assert.deepEqual(walked.slice(2), [walked[0], 0]);
    await page.keyboard.press("ArrowUp");
    const up = (await camera.told()).channel;
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("channel") === String(up));
    await page.keyboard.press("Escape");
    await camera.panel.locator(".tooltip--shown").waitFor({ state: "detached" });
    assert.equal(channelOf(page), String(up));
  });
});

test("the picture follows the cursor of the other panels and goes back to the newest", async () => {
  await on("one?zoom=2026-11-20T20:00:00Z..2026-11-20T20:30:00Z", async (page) => {
    const camera = new Camera(page, "hv");
    await camera.drawn();
    await camera.panel.getByText("All values").click();
    const cell = camera.panel.locator("tbody tr").first().locator("td").nth(1);
    await cell.waitFor();
    await new Plot(page, "line").hover(0.5);
    await camera.time.filter({ hasText: /20:1\d:\d\d UTC$/ }).waitFor();
    const [, minute] = (await camera.time.innerText()).match(/20:(\d\d)/);
    await becomes(async () => Number(await cell.innerText()), hv(0, Number(minute)));
    await page.mouse.move(5, 5);
    await camera.time.filter({ hasText: /newest$/ }).waitFor();
  });
});

test("the slider shows a moment, holds it, and lets go", async () => {
  await on("one?zoom=2026-11-20T20:00:00Z..2026-11-20T20:30:00Z", async (page) => {
    const camera = new Camera(page, "hv");
    await camera.drawn();
    const slider = camera.panel.getByRole("slider", { name: "Time of the picture" });
    await becomes(() => slider.getAttribute("max"), "30");
    await slider.fill("7");
    await camera.time.filter({ hasText: /20:07:00 UTC$/ }).waitFor();
    await becomes(async () => {
      const { value, timeUs } = await camera.hover(3);
      return [value, timeUs];
    }, [hv(3, 7), (START + 7 * MINUTE) * 1000]);
    await camera.panel.getByRole("button", { name: "Newest" }).click();
    await camera.time.filter({ hasText: /newest$/ }).waitFor();
    await becomes(async () => (await camera.hover(3)).value, hv(3, N_MINUTES - 1));
  });
});

test("the night plays from the beginning, step by step, and stops when told", async () => {
  await on("one?zoom=2026-11-20T20:00:00Z..2026-11-20T20:30:00Z", async (page) => {
    const camera = new Camera(page, "hv");
    await camera.drawn();
    await camera.panel.getByRole("combobox", { name: "Pictures a second" }).selectOption("2");
    await camera.panel.getByRole("button", { name: "Play the visible range" }).click();
    await camera.time.filter({ hasText: /20:0[1-9]:\d\d/ }).waitFor();
    await camera.time.filter({ hasText: /20:1\d:\d\d/ }).waitFor();
    await camera.panel.getByRole("button", { name: "Pause" }).click();
    // The picture that was on its way still comes; while it plays there are two a second.
    await steady("the picture", async () => (await camera.time.innerText()).slice(0, 8), 1_200);
  });
});

test("an empty night says so, and where the last data are", async () => {
  const watched = await openPage(session.browser, new URL("d/camera/empty", session.server.url).href);
  const panel = watched.page.locator('[data-panel="hv"][data-state="empty"]');
  await panel.waitFor();
  await panel.filter({ hasText: /No data in this night; last data 2026-11-20 20:29/ }).waitFor();
  watched.assertNoProblems();
  await watched.close();
});

test("the curve tells the value of each channel and marks the chosen one", async () => {
  await on("one", async (page) => {
    const curve = new Camera(page, "curve");
    await curve.drawn();
    await curve.stage.focus();
    await page.keyboard.press("Home");
    for (let channel = 0; channel < 3; channel += 1) {
      const fact = curve.panel.locator(`.tooltip--shown [data-channel="${channel}"]`);
      await fact.waitFor();
      await becomes(async () => Number(await fact.getAttribute("data-value")), hv(channel, N_MINUTES - 1));
      await page.keyboard.press("ArrowRight");
    }
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("channel") === "3");
  });
});

test("a camera is saved as the moment that is shown: each pixel in the table, all of them in the picture", async () => {
  await on("one", async (page) => {
    const camera = new Camera(page, "hv");
    await camera.drawn();
    const { name, bytes } = await saved(page, "hv", "CSV");
    assert.match(name, /^hv_2\d{7}T\d{6}(\.\d+)?Z\.csv$/);
    const rows = rowsOf(bytes);
    assert.equal(rows.length, N_PIXELS);
    const last = N_MINUTES - 1;
    const at = new Date(START + last * MINUTE).toISOString();
    const answer = await (await fetch(new URL(`api/v1/latest?metric=cam.hv&at=${at}`, session.server.url))).json();
    for (const pixel of [0, 1, HOT, COLD, 999, 1854]) {
      const row = rows[pixel];
      const { value, time_us: timeUs } = answer.channels[pixel];
      assert.deepEqual(
        [row.metric, Number(row.channel), Number(row.module), Number(row.value), Date.parse(row.time) * 1000, row.state],
        ["cam.hv", pixel, pixels[pixel].module, value, timeUs, "value"],
      );
    }
    assert.deepEqual([rows[NULL].value, rows[NULL].state], ["", "null"]);
    assert.deepEqual([rows[NAN].value, rows[NAN].state], ["NaN", "NaN"]);
    const svg = await saved(page, "hv", "SVG");
    const told = await page.evaluate((text) => {
      const svg = new DOMParser().parseFromString(text, "image/svg+xml");
      const texts = [...svg.querySelectorAll("text")].map((piece) => piece.textContent);
      const points = [...svg.querySelectorAll("[points]")].flatMap((shape) => shape.getAttribute("points").split(" "));
      return { hasFailed: svg.querySelector("parsererror") !== null, texts, nPoints: points.length };
    }, svg.bytes.toString());
    assert.equal(told.hasFailed, false);
    assert.ok(told.nPoints >= 6 * N_PIXELS, `${told.nPoints} corners of pixels`);
    assert.ok(told.texts.includes("High voltage"), told.texts.join("|"));
    assert.ok(told.texts.some((text) => text.endsWith(" UTC")), told.texts.join("|"));
    const png = await saved(page, "hv", "PNG");
    assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");
    const box = await camera.stage.boundingBox();
    assert.equal(png.bytes.readUInt32BE(16), Math.round(box.width));
    assert.ok(png.bytes.readUInt32BE(20) > box.height + 30, "the heading has room");
  });
});

test("a curve is saved with what is across, and channels without a value stay apart", async () => {
  await on("one", async (page) => {
    await new Camera(page, "curve").drawn();
    const { bytes } = await saved(page, "curve", "CSV");
    const rows = rowsOf(bytes);
    assert.equal(rows.length, N_PIXELS);
    for (const pixel of [0, 7, HOT, 1854]) {
      const { channel, x, value, state } = rows[pixel];
      const expected = [pixel, pixel, hv(pixel, N_MINUTES - 1), "value"];
      assert.deepEqual([Number(channel), Number(x), Number(value), state], expected);
    }
    assert.deepEqual([rows[NULL].state, rows[NAN].state], ["null", "NaN"]);
    const { bytes: picture } = await saved(page, "curve", "PNG");
    assert.equal(picture.subarray(1, 4).toString(), "PNG");
  });
});

test("in the red theme every pixel of camera and curve is red or black", async () => {
  await on("one?theme=red&channel=412", async (page) => {
    await new Camera(page, "hv").drawn();
    await new Camera(page, "hv").hover(3);
    const [, green, blue] = await brightest(session.browser, await page.screenshot({ fullPage: true }));
    assert.deepEqual([green, blue], [0, 0]);
  });
});

test("on a phone the camera fits and a tap chooses", async () => {
  await on(
    "one",
    async (page) => {
      const camera = new Camera(page, "hv");
      await camera.drawn();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 390, `the page is ${width} pixels wide`);
      const { x, y } = await camera.at(0);
      await page.touchscreen.tap(x, y);
      await page.waitForURL((url) => url.searchParams.get("channel") === "0");
    },
    { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  );
});
