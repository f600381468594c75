// The list of alarms in a night that stands still, and the demo's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AlarmNight } from "./support/alarm_night.mjs";
import { ACTIVE, lists, useAlarmNights } from "./support/alarm_page.mjs";
import { seriousFindings } from "./support/axe.mjs";
import { openPage } from "./support/browser.mjs";
import { brightest } from "./support/pixels.mjs";
import { becomes, until } from "./support/waiting.mjs";

const { session, on } = useAlarmNights();

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

test("the bell counts what needs somebody by severity, in signs and words, and leads to the list", async () => {
  await on("d/demo/weather", async (page) => {
    const bell = page.locator(".bell");
    await page.locator('.bell[data-worst="alarm"]').waitFor();
    await page.getByRole("link", { name: "Alarms: 2 ALARM, 1 NO DATA, 1 UNKNOWN" }).waitFor();
    await bell.locator(".bell__counts", { hasText: /^\s*▲\s*2\s*◌\s*1\s*\?\s*1\s*$/ }).waitFor();
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
    await lists(page, night.rules.map(({ rule }) => rule));
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
    await becomes(() => page.locator("[data-show] b").allInnerTexts(), ["4", "1", "1", "1", "9", ""]);
    for (const [show, rules] of [
      ["acknowledged", ["humidity-near"]],
      ["shelved", ["dragon-busy"]],
      ["known-issues", ["an-current"]],
    ]) {
      await filter(show).click();
      await page.waitForURL((url) => url.searchParams.get("show") === show);
      await lists(page, rules);
      await page.locator(`[data-show="${show}"][aria-current="true"]`).waitFor();
    }
    const system = (path) => page.locator(`.alarms__system[data-system="${path}"]`);
    for (const name of ["All systems: ALARM, 4 of 9 rules active", "Camera: ALARM, 3 of 6 rules active"]) {
      await page.getByRole("link", { name, exact: true }).waitFor();
    }
    await becomes(() => system("Camera/Modules").getAttribute("data-alarm"), "no_data");
    await becomes(() => system("Drive").getAttribute("data-alarm"), "ok");
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
    await becomes(focused, "tib-busy");
    await page.keyboard.press("End");
    await becomes(focused, "hv-trip");
    await page.keyboard.press("ArrowUp");
    night.rule("wind").state = "alarm";
    await lists(page, [...ACTIVE, "wind"]);
    await becomes(focused, "tib-busy");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.searchParams.get("rule") === "tib-busy");
    await page.locator('[data-card="tib-busy"]').getByText("Look").waitFor();
  });
});

test("nothing is called OK that is not known to be", async () => {
  const calm = new AlarmNight();
  calm.rules = [calm.rule("wind")];
  await on("alarms", async (page, night) => {
    await page.getByText("1 rules, nothing to see: all OK").waitFor();
    await page.locator('.bell[data-worst="ok"]').waitFor();
    night.failsWith = 503;
    await page.locator('.alarms[data-state="stale"]').waitFor();
    await page.getByText(/Not known since \d\d:\d\d:\d\d: the store does not answer/).waitFor();
    assert.equal(await page.getByText("all OK").count(), 0);
    await page.locator('.bell[data-worst="lost"]').waitFor();
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
    await page.locator('.bell[data-worst="lost"]').waitFor();
    await page.locator(".bell__counts", { hasText: /not known since \d\d:\d\d/ }).waitFor();
    await page.getByText(/Not known since .+: the server cannot be reached/).waitFor();
    night.hangs = false;
    await page.context().setOffline(false);
    await page.locator('.bell[data-worst="alarm"]').waitFor();
  }, { breaks: /ERR_INTERNET_DISCONNECTED/ });
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
        const [, green, blue] = await brightest(session.browser, await page.screenshot());
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
    await dialog.locator("input:focus").waitFor();
    await page.keyboard.type("Ada");
    await page.keyboard.press("Tab");
    await page.keyboard.type("seen");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    assert.equal(night.actions.length, 1);
  });
});

test("the demo's own alarms are shown as the server tells them, and what is done is kept", async () => {
  const { api } = session;
  const watched = await openPage(session.browser, session.link("alarms?show=all"));
  const { page } = watched;
  try {
    const rows = () =>
      page.locator(".alarms__row").evaluateAll((all) =>
        all.map((row) => ({
          rule: row.dataset.rule,
          title: row.querySelector(".alarms__what").textContent,
          state: row.querySelector(".state").dataset.alarm,
          owner: row.cells[5].textContent,
        })),
      );
    await until("the rules are evaluated", async () => (await api("alarms")).evaluated_us !== null);
    const told = await api("alarms");
    await becomes(rows, told.alarms.map(({ rule, title, state, owner }) => ({ rule, title, state, owner })));
    // What was known when the list was drawn may be older than the ribbons.
    await page.waitForFunction(() => document.querySelector("canvas[data-rule]").hasAttribute("title"));
    await watched.screenshot("alarms-demo");
    const { rule } = told.alarms[0];
    await page.locator(`.alarms__what[data-rule="${rule}"]`).click();
    const card = page.locator(`[data-card="${rule}"]`);
    const explained = await api(`alarms/${rule}`);
    await card.getByText(explained.condition).waitFor();
    const samples = () =>
      card
        .locator("[data-time-us]")
        .evaluateAll((all) => all.map((row) => [Number(row.dataset.timeUs), row.dataset.value]));
    await becomes(samples, explained.evidence.map(({ time_us, value }) => [time_us, String(value)]));
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
