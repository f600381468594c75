// Alarms, silent streams and source clocks on the page, in a night that stands still.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AlarmNight } from "./support/alarm_night.mjs";
import { seriousFindings } from "./support/axe.mjs";
import { launchBrowser, openPage } from "./support/browser.mjs";
import { settledPanels } from "./support/panels.mjs";
import { brightest } from "./support/pixels.mjs";
import { Plot } from "./support/plot.mjs";
import { startServer } from "./support/server.mjs";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The page of alarms in a night of its own, handed to `work`; nothing may break in it but what `breaks` names. */
async function on(address, work, { night = new AlarmNight(), breaks = null, ...options } = {}) {
  const watched = await openPage(browser, new URL("health", server.url).href, options);
  try {
    await night.attach(watched.page);
    await watched.page.goto(new URL(address, server.url).href);
    await work(watched.page, night, watched);
    // The first address has no page that names an icon.
    const problems = watched.problems.filter((problem) => !/favicon/.test(problem) && !breaks?.test(problem));
    assert.deepEqual(problems, []);
  } finally {
    await watched.close();
  }
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** The rules that are listed, from top to bottom. */
const listed = (page) => page.locator(".alarms__row").evaluateAll((rows) => rows.map((row) => row.dataset.rule));

/** Waits until just these rules are listed. */
async function lists(page, rules) {
  await page.waitForFunction(
    (expected) => {
      const rows = [...document.querySelectorAll(".alarms__row")].map((row) => row.dataset.rule);
      return JSON.stringify(rows) === JSON.stringify(expected);
    },
    rules,
    { timeout: 10_000 },
  );
}

const ACTIVE = ["pacta-high", "backplane-silent", "tib-busy", "hv-trip"];

test("the bell counts what needs somebody by severity, in signs and words, and leads to the list", async () => {
  await on("d/demo/weather", async (page) => {
    const bell = page.locator(".bell");
    await page.locator('.bell[data-worst="alarm"]').waitFor();
    await page.getByRole("link", { name: "Alarms: 2 ALARM, 1 NO DATA, 1 UNKNOWN" }).waitFor();
    const seen = await bell.locator(".bell__counts").innerText();
    assert.equal(seen.replaceAll(/\s+/g, " ").trim(), "▲ 2 ◌ 1 ? 1");
    await bell.click();
    await page.waitForURL(/\/alarms/);
    await lists(page, ACTIVE);
    await page.goBack();
    await page.locator('[data-panel="temperature"]').waitFor();
    await page.locator("body").press("a");
    await page.waitForURL(/\/alarms/);
    await page.locator("body").press("1");
    await page.locator('[data-panel="temperature"]').waitFor();
  });
});

test("each row says state, place, value, limit, since when and who cares, as the server does", async () => {
  await on("alarms?show=all", async (page, night) => {
    await page.locator(".alarms__row").first().waitFor();
    assert.deepEqual(await listed(page), night.rules.map(({ rule }) => rule));
    const cells = (name) =>
      page
        .locator(`.alarms__row[data-rule="${name}"] > *`)
        .evaluateAll((all) => all.map((cell) => cell.innerText.replaceAll(/\s+/g, " ").trim()));
    const time = (us) => new Date(us / 1_000).toISOString().slice(11, 19);
    const since = night.rule("pacta-high").since_us;
    const row = await cells("pacta-high");
    assert.deepEqual(
      [row[0], row[1], row[2], row[5]],
      [
        "▲ ALARM not acknowledged",
        "PACTA temperature too high Camera › Pixels › pixel 1203 · module 171",
        "24.9 °C limit 24.0",
        "camera on call",
      ],
    );
    assert.match(row[3], new RegExp(`^${time(since)} \\d min$`));
    assert.match((await cells("humidity-near"))[0], /● WARNING acknowledged by shift/);
    assert.match((await cells("humidity-near"))[1], /channel 17 and 8 more/);
    assert.match((await cells("hv-trip"))[0], /✓ OK was ALARM, clears when acknowledged/);
    assert.match((await cells("drive"))[0], /✓ OK not watched: not observing/);
    assert.match((await cells("dragon-busy"))[0], /● WARNING shelved by Ada until/);
    assert.match((await cells("an-current"))[0], /▲ ALARM known issue until/);
    assert.equal((await cells("backplane-silent"))[2], "— last 31.2 °C");
  });
});

test("filters and systems are kept in the address, with their counts and the worst of their parts", async () => {
  await on("alarms", async (page) => {
    await lists(page, ACTIVE);
    const filter = (show) => page.locator(`[data-show="${show}"]`);
    const counts = await page.locator("[data-show] b").allInnerTexts();
    assert.deepEqual(counts, ["4", "1", "1", "1", "9", ""]);
    for (const [show, rules] of [
      ["acknowledged", ["humidity-near"]],
      ["shelved", ["dragon-busy"]],
      ["known-issues", ["an-current"]],
    ]) {
      await filter(show).click();
      await page.waitForURL((url) => url.searchParams.get("show") === show);
      await lists(page, rules);
      assert.equal(await filter(show).getAttribute("aria-current"), "true");
    }
    const system = (path) => page.locator(`.alarms__system[data-system="${path}"]`);
    for (const name of ["All systems: ALARM, 4 of 9 rules active", "Camera: ALARM, 3 of 6 rules active"]) {
      assert.equal(await page.getByRole("link", { name, exact: true }).count(), 1, name);
    }
    assert.equal(await system("Camera/Modules").getAttribute("data-alarm"), "no_data");
    assert.equal(await system("Drive").getAttribute("data-alarm"), "ok");
    await filter("active").click();
    await system("Trigger").click();
    await page.waitForURL((url) => url.searchParams.get("system") === "Trigger");
    await lists(page, ["tib-busy"]);
    await page.reload();
    await lists(page, ["tib-busy"]);
    await page.goBack();
    await lists(page, ACTIVE);
  });
});

test("what happened in the time in sight is listed, the newest first", async () => {
  await on("alarms?show=history", async (page, night) => {
    const rows = page.locator(".alarms__table--history tbody tr");
    await rows.first().waitFor();
    const inSight = await page.evaluate(() => document.querySelectorAll(".alarms__table--history tbody tr").length);
    assert.ok(inSight >= 1 && inSight <= night.events.length);
    const first = (await rows.first().innerText()).replaceAll(/\s+/g, " ");
    assert.match(first, /▲ ALARM PACTA temperature too high 24\.6 °C, limit 24\.0, pixel 1203/);
    await rows.first().getByRole("link").click();
    await page.locator('[data-card="pacta-high"]').waitFor();
  });
});

test("the list is walked by the keyboard, and keeps the focus when it changes", async () => {
  await on("alarms", async (page, night) => {
    await lists(page, ACTIVE);
    const focused = () => page.evaluate(() => document.activeElement.dataset.rule);
    await page.locator(".alarms__what").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(), "tib-busy");
    await page.keyboard.press("End");
    assert.equal(await focused(), "hv-trip");
    await page.keyboard.press("ArrowUp");
    night.rule("wind").state = "alarm";
    await lists(page, [...ACTIVE, "wind"]);
    assert.equal(await focused(), "tib-busy");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("rule") === "tib-busy");
    await page.locator('[data-card="tib-busy"]').getByText("Look").waitFor();
  });
});

test("a card explains: condition, samples, before, what to do, and leads to the panel at that time", async () => {
  await on("alarms?rule=pacta-high", async (page, night, watched) => {
    const card = page.locator('[data-card="pacta-high"]');
    await card.getByRole("heading", { name: "What to do" }).waitFor();
    const text = (await card.innerText()).replaceAll(/\s+/g, " ");
    const told = night.card("pacta-high");
    assert.ok(text.includes(told.condition));
    assert.match(text, /2 times, always pixel 1203/);
    assert.match(text, /acknowledged by camera expert: “fan of module 171 at half speed”/);
    assert.match(text, /Check the cooling of module 171/);
    const samples = await card
      .locator("[data-time-us]")
      .evaluateAll((rows) => rows.map((row) => [Number(row.dataset.timeUs), Number(row.dataset.value)]));
    assert.deepEqual(samples, told.evidence.map(({ time_us, value }) => [time_us, value]));
    assert.equal(await card.getByRole("link", { name: told.link }).getAttribute("href"), told.link);
    await watched.screenshot("alarms-card");
    await card.locator('[data-look="panel"]').click();
    await page.waitForURL(/\/d\/demo\/camera\?/);
    const { searchParams } = new URL(page.url());
    const [from, to] = searchParams.get("zoom").split("..").map((time) => Date.parse(time) * 1_000);
    const since = night.rule("pacta-high").since_us;
    assert.ok(from < since && since < to);
    assert.equal(searchParams.get("channel"), "1203");
    await page.locator('[data-panel="pacta"]').waitFor();
  });
});

test("a card leads to the camera and to the raw samples of its channel", async () => {
  await on("alarms?rule=pacta-high", async (page, night) => {
    const card = page.locator('[data-card="pacta-high"]');
    const samples = new URL(await card.locator('[data-look="samples"]').getAttribute("href"));
    assert.equal(samples.pathname, "/api/v1/samples");
    assert.equal(samples.searchParams.get("channels"), "1203");
    const camera = card.locator('[data-look="camera"]');
    if ((await camera.count()) > 0) {
      const [, to] = new URL(await camera.getAttribute("href"), page.url()).searchParams.get("zoom").split("..");
      assert.ok(Math.abs(Date.parse(to) * 1_000 - night.rule("pacta-high").since_us) < 2_000_000);
    }
  });
});

test("who has seen an alarm says so with a name that is remembered, and nothing is shown before it is done", async () => {
  await on("alarms?rule=pacta-high", async (page, night, watched) => {
    const card = page.locator('[data-card="pacta-high"]');
    await card.getByRole("button", { name: "Acknowledge…" }).click();
    const dialog = page.getByRole("dialog", { name: "Acknowledge" });
    await dialog.getByLabel("Your name").fill("Ada");
    await dialog.getByRole("button", { name: "Acknowledge" }).click();
    await dialog.getByText("Not done: both a name and a comment are needed").waitFor();
    await dialog.getByLabel("Comment").fill("fan is being replaced");
    night.refusal = "the rule is not firing any more";
    await page.keyboard.press("Enter");
    await dialog.getByText("Not done: the rule is not firing any more").waitFor();
    await watched.screenshot("alarms-refused");
    assert.deepEqual((await listed(page)).slice(0, 1), ["pacta-high"]);
    night.refusal = null;
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    assert.deepEqual(night.actions.at(-1), {
      rule: "pacta-high",
      action: "acknowledge",
      by: "Ada",
      comment: "fan is being replaced",
    });
    night.rule("pacta-high").acknowledged = { by: "Ada", comment: "x", at_us: night.nowUs, until_us: null };
    await lists(page, ACTIVE.slice(1));
    await card.getByText("Acknowledged").first().waitFor();
    await card.getByRole("button", { name: "Shelve…" }).click();
    const shelve = page.getByRole("dialog", { name: "Shelve" });
    assert.equal(await shelve.getByLabel("Your name").inputValue(), "Ada");
    await shelve.getByLabel("Comment").fill("noise");
    await shelve.getByLabel("4 h").check();
    await shelve.getByRole("button", { name: "Shelve" }).click();
    await shelve.waitFor({ state: "detached" });
    const { action, until } = night.actions.at(-1);
    assert.equal(action, "shelve");
    assert.ok(Math.abs(Date.parse(until) - Date.now() - 4 * 3_600_000) < 60_000, until);
  }, { breaks: /422/ });
});

test("what was shelved or explained comes back by hand", async () => {
  for (const [name, button, action] of [
    ["dragon-busy", "Unshelve", "unshelve"],
    ["an-current", "End known issue", "end_known_issue"],
  ]) {
    await on(`alarms?show=all&rule=${name}`, async (page, night) => {
      const card = page.locator(`[data-card="${name}"]`);
      await card.getByText(/(Shelved|Known issue) until .+ left/).waitFor();
      await card.getByRole("button", { name: `${button}…` }).click();
      const dialog = page.getByRole("dialog", { name: button });
      await dialog.getByLabel("Your name").fill("Bo");
      await dialog.getByLabel("Comment").fill("fixed");
      await dialog.getByRole("button", { name: button }).click();
      await dialog.waitFor({ state: "detached" });
      assert.deepEqual(night.actions, [{ rule: name, action, by: "Bo", comment: "fixed" }]);
      // The focus is back where it came from.
      assert.match(await page.evaluate(() => document.activeElement.textContent), new RegExp(button));
    });
  }
});

test("nothing is called OK that is not known to be", async () => {
  const calm = new AlarmNight();
  calm.rules = [calm.rule("wind")];
  await on("alarms", async (page, night) => {
    await page.getByText("1 rules, nothing to see: all OK").waitFor();
    assert.equal(await page.locator(".bell").getAttribute("data-worst"), "ok");
    night.failsWith = 503;
    await page.locator('.alarms[data-state="stale"]').waitFor();
    await page.getByText(/Not known since \d\d:\d\d:\d\d: the store does not answer/).waitFor();
    assert.equal(await page.getByText("all OK").count(), 0);
    assert.equal(await page.locator(".bell").getAttribute("data-worst"), "lost");
    night.failsWith = null;
    night.evaluatedUs = null;
    await page.getByText("The rules have not been evaluated yet").waitFor();
    night.evaluatedUs = night.nowUs - 60_000_000;
    await page.getByText(/The rules have not been evaluated since/).waitFor();
  }, { night: calm, breaks: /503/ });
  const silent = new AlarmNight();
  silent.failsWith = 503;
  await on("alarms", async (page, _, watched) => {
    await page.locator('.alarms[data-state="error"]').waitFor();
    await page.getByText("The alarms cannot be had: the store does not answer").waitFor();
    assert.equal(await page.getByText("all OK").count(), 0);
    await watched.screenshot("alarms-error");
  }, { night: silent, breaks: /503/ });
});

test("without a way to the server the bell claims nothing, and says since when", async () => {
  await on("alarms", async (page, night) => {
    await lists(page, ACTIVE);
    // The question about alarms hangs, which no failure tells; the proof that the server lives fails.
    night.hangs = true;
    await page.context().setOffline(true);
    await page.locator('.bell[data-worst="lost"]').waitFor({ timeout: 6_000 });
    assert.match(await page.locator(".bell__counts").innerText(), /not known since \d\d:\d\d/);
    await page.getByText(/Not known since .+: the server cannot be reached/).waitFor();
    night.hangs = false;
    await page.context().setOffline(false);
    await page.locator('.bell[data-worst="alarm"]').waitFor({ timeout: 10_000 });
  }, { breaks: /ERR_INTERNET_DISCONNECTED/ });
});

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
  const night = new AlarmNight();
  const watched = await openPage(browser, new URL("health", server.url).href);
  const { page } = watched;
  try {
    await page.addInitScript(recordTones);
    await night.attach(page);
    await page.goto(new URL("alarms", server.url).href);
    await lists(page, ACTIVE);
    const tones = () => page.evaluate(() => window.tones);
    assert.deepEqual(await tones(), []);
    assert.equal(await page.locator("[data-sound]").getAttribute("data-sound"), "off");
    await page.getByRole("button", { name: "Sound off" }).click();
    await page.getByText(/this browser blocks the sound/).waitFor();
    assert.deepEqual(await tones(), []);
    await page.evaluate(() => (window.soundIsBlocked = false));
    await page.waitForFunction(() => window.tones.length >= 4);
    assert.deepEqual(await tones(), [988, 988, 988, 988]);
    assert.equal(await page.getByText(/this browser blocks the sound/).count(), 0);
    // Silenced until something fires anew; then by its own tones.
    await page.getByRole("button", { name: "Silence" }).click();
    await page.getByRole("button", { name: "Silence" }).waitFor({ state: "detached" });
    await page.evaluate(() => (window.tones = []));
    Object.assign(night.rule("wind"), { state: "warning", since_us: night.nowUs });
    await page.waitForFunction(() => window.tones.length >= 2);
    assert.deepEqual(await tones(), [587, 587]);
    night.rule("wind").acknowledged = { by: "Ada", comment: "x", at_us: night.nowUs, until_us: null };
    await page.getByRole("button", { name: "Silence" }).waitFor({ state: "detached" });
    await page.evaluate(() => (window.tones = []));
    await page.getByRole("button", { name: "Test sound" }).click();
    assert.equal((await tones()).length, 4);
    await page.reload();
    assert.equal(await page.getByRole("button", { name: "Sound on" }).getAttribute("aria-pressed"), "true");
    assert.deepEqual(watched.problems.filter((problem) => !/favicon/.test(problem)), []);
  } finally {
    await watched.close();
  }
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
    assert.equal((await count.innerText()).replaceAll(/\s+/g, " "), "2 silent");
    await count.click();
    await page.waitForURL(/\/streams/);
    const rows = page.locator("[data-stream]");
    await rows.first().waitFor();
    const names = () => rows.evaluateAll((all) => all.map((row) => row.dataset.stream));
    assert.deepEqual(await names(), ["camera.tib_busy_rate", "camera.backplane_temperature"]);
    const first = (await rows.first().innerText()).replaceAll(/\s+/g, " ");
    assert.match(first, /never TIB busy rate camera\.tib_busy_rate camera .+ 60 s learned 1 of 1/);
    await page.getByRole("button", { name: "Show all streams" }).click();
    assert.equal((await names()).length, night.streams.streams.length);
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
    assert.equal(await badge.getAttribute("title"), "Alarms: 1 of 1 ALARM, first PACTA temperature too high");
    // What the ribbon says at a moment some hundred minutes ago, by the same time axis.
    await plot.hover(0.61);
    const facts = await plot.facts();
    const told = facts.find(({ stat }) => stat === "alarm");
    assert.ok(told, JSON.stringify(facts));
    assert.match(told.text, /WARNING/);
    const rows = await plot.panel.locator("table tr", { hasText: "Alarm rule" }).allInnerTexts();
    assert.match(rows.join(), /PACTA temperature too high.+worst ALARM/s);
    assert.match(await plot.panel.innerText(), /limits of alarms/);
    await watched.screenshot("alarms-panel");
    await badge.click();
    await page.locator('[data-card="pacta-high"]').waitFor();
  }, { night });
});

test("an alarm night can be read by everyone, in every theme, with and without its card", async () => {
  for (const theme of ["dark", "light", "red"]) {
    await on(`alarms?show=all&rule=pacta-high&theme=${theme}`, async (page, _, watched) => {
      await page.getByRole("heading", { name: "What to do" }).waitFor();
      await page.waitForFunction(() =>
        document.querySelector('canvas[data-rule="pacta-high"]')?.getAttribute("title")?.includes("ALARM"),
      );
      await watched.screenshot(`alarms-${theme}`);
      // Red on black has no more contrast than there is.
      if (theme !== "red") {
        assert.deepEqual(await seriousFindings(page), []);
      } else {
        const [, green, blue] = await brightest(browser, await page.screenshot());
        assert.deepEqual([green, blue], [0, 0]);
      }
    });
  }
  await on("streams?theme=light", async (page) => {
    await page.locator("[data-stream]").first().waitFor();
    assert.deepEqual(await seriousFindings(page), []);
  });
});

test("a phone shows the list, the card above it, and nothing beyond its edge", async () => {
  await on("alarms", async (page, _, watched) => {
    await lists(page, ACTIVE);
    await watched.screenshot("alarms-phone");
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok((await width()) <= 390, String(await width()));
    await page.locator(".alarms__what").first().tap();
    await page.getByRole("heading", { name: "What to do" }).waitFor();
    const [card, list] = [
      await page.locator(".alarmcard").boundingBox(),
      await page.locator(".alarms__list").boundingBox(),
    ];
    assert.ok(card.y < list.y);
    assert.ok((await width()) <= 390, String(await width()));
    await watched.screenshot("alarms-phone-card");
    assert.deepEqual(await seriousFindings(page), []);
  }, PHONE);
});

test("the whole way from the bell to what was done goes by the keyboard alone", async () => {
  await on("d/demo/weather", async (page, night) => {
    await page.locator('.bell[data-worst="alarm"]').waitFor();
    await page.keyboard.press("a");
    await lists(page, ACTIVE);
    const tabTo = async (selector) => {
      for (let step = 0; step < 60; step += 1) {
        if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
        await page.keyboard.press("Tab");
      }
      assert.fail(`${selector} is not reached by Tab`);
    };
    await tabTo(".alarms__what");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "What to do" }).waitFor();
    await tabTo(".alarmcard__actions .button--primary");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Acknowledge" });
    await dialog.waitFor();
    await page.keyboard.type("Ada");
    await page.keyboard.press("Tab");
    await page.keyboard.type("seen");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    assert.equal(night.actions.length, 1);
  });
});

test("the demo's own alarms are shown as the server tells them, and what is done is kept", async () => {
  const api = async (path) => (await fetch(new URL(`api/v1/${path}`, server.url))).json();
  const watched = await openPage(browser, new URL("alarms?show=all", server.url).href);
  const { page } = watched;
  try {
    const told = await api("alarms");
    await lists(page, told.alarms.map(({ rule }) => rule));
    const rows = await page.locator(".alarms__row").evaluateAll((all) =>
      all.map((row) => ({
        rule: row.dataset.rule,
        title: row.querySelector(".alarms__what").textContent,
        state: row.querySelector(".state").dataset.alarm,
        owner: row.cells[5].textContent,
      })),
    );
    assert.deepEqual(rows, told.alarms.map(({ rule, title, state, owner }) => ({ rule, title, state, owner })));
    // What was known when the list was drawn may be older than the ribbons.
    await page.waitForFunction(() => document.querySelector("canvas[data-rule]").hasAttribute("title"));
    await watched.screenshot("alarms-demo");
    const { rule } = told.alarms[0];
    await page.locator(`.alarms__what[data-rule="${rule}"]`).click();
    const card = page.locator(`[data-card="${rule}"]`);
    const explained = await api(`alarms/${rule}`);
    await card.getByText(explained.condition).waitFor();
    const samples = await card
      .locator("[data-time-us]")
      .evaluateAll((all) => all.map((row) => [Number(row.dataset.timeUs), row.dataset.value]));
    assert.deepEqual(samples, explained.evidence.map(({ time_us, value }) => [time_us, String(value)]));
    await watched.screenshot("alarms-demo-card");
    await card.getByRole("button", { name: "Shelve…" }).click();
    const dialog = page.getByRole("dialog", { name: "Shelve" });
    await dialog.getByLabel("Your name").fill("Ada");
    await dialog.getByLabel("Comment").fill("seen in a test");
    await dialog.getByRole("button", { name: "Shelve" }).click();
    await dialog.waitFor({ state: "detached" });
    const { shelved } = (await api(`alarms/${rule}`)).status;
    assert.deepEqual([shelved.by, shelved.comment], ["Ada", "seen in a test"]);
    await page.locator('[data-show="shelved"]').click();
    await lists(page, [rule]);
    watched.assertNoProblems();
  } finally {
    await watched.close();
  }
});
