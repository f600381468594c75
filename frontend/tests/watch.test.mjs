// One night from end to end: a sample fires a rule, the crew sees it on the page, acts there, and others are told.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser, openPage } from "./support/browser.mjs";
import { dashboard, site } from "./support/dashboard.mjs";
import { LiveServer } from "./support/live_server.mjs";
import { settledPanels } from "./support/panels.mjs";
import { startReceiver } from "./support/receiver.mjs";
import { until } from "./support/waiting.mjs";

const config = (receiver) => `${site("Watch")}
[metrics."dome.temperature"]
interval = "1s"
unit = "°C"
title = "Dome temperature"

[alarms.dome-hot]
title = "Dome too hot"
kind = "threshold"
metric = "dome.temperature"
above = 30.0
clear_above = 28.0
system = ["Dome"]
owner = "dome on call"
guidance = "Open the **louvres**."

[alarms.dome-silent]
title = "Dome silent"
kind = "heartbeat"
metric = "dome.temperature"
system = ["Dome"]
owner = "data taking"

[notify.receivers.logbook]
kind = "webhook"
url = "${receiver}"

[[notify.routes]]
receivers = ["logbook"]
owners = ["dome on call"]
`;

const DASHBOARD = dashboard("Watch", {
  id: "dome",
  title: "Dome",
  panels: [{ id: "temperature", type: "timeseries", title: "Temperature", lines: [{ metric: "dome.temperature" }] }],
});

let server;
let browser;
let receiver;
/** The temperature that the source delivers twice a second; none while it is null. */
let temperature = 20;
let timer;

before(async () => {
  receiver = await startReceiver();
  server = await LiveServer.start({ config: config(receiver.url), dashboards: { watch: DASHBOARD } });
  timer = setInterval(() => {
    if (temperature === null) return;
    const frame = { metric: "dome.temperature", time: new Date().toISOString(), values: [temperature] };
    // A server that was killed takes nothing; a source would try again.
    server.post([frame]).catch(() => {});
  }, 500);
  browser = await launchBrowser();
});

after(async () => {
  clearInterval(timer);
  await browser?.close();
  await server?.stop();
  receiver?.stop();
});

/** What the server says of a rule. */
async function alarm(rule) {
  const answer = await fetch(new URL(`api/v1/alarms/${rule}`, server.url));
  assert.equal(answer.status, 200);
  return (await answer.json()).status;
}

/** What the logbook was told, in its order. */
const told = () => receiver.got.flatMap(({ notices }) => notices);
const states = () => told().map((notice) => `${notice.before} > ${notice.state}`);

test("from the sample to the page, to what the crew does, to those who are told, through a kill and back", async () => {
  await until("the rule is OK", async () => (await alarm("dome-hot")).state === "ok");
  const watched = await openPage(browser, new URL("d/watch/dome?last=15m&delay=2s", server.url).href);
  const { page } = watched;
  const bell = (name) => page.getByRole("link", { name }).waitFor();
  try {
    await settledPanels(watched);
    await bell(/^Alarms: none needs/);

    temperature = 35;
    await bell("Alarms: 1 ALARM");
    const badge = page.locator('[data-panel="temperature"] .watch');
    await badge.filter({ hasText: "ALARM" }).waitFor();
    // The window is two seconds behind: what it does not show yet is no sample without a value.
    assert.equal(await page.getByText("Only samples without a value").count(), 0);
    const notice = await until("the logbook is told", () => told().find(({ state }) => state === "alarm"));
    assert.equal(notice.rule, "dome-hot");
    assert.equal(notice.value, 35);
    const check = await fetch(new URL("api/nagios/dome-hot", server.url));
    assert.match(JSON.stringify(await check.json()), /CRITICAL|ALARM/);
    await watched.screenshot("watch-alarm");

    await badge.click();
    const card = page.locator('[data-card="dome-hot"]');
    await card.getByText("louvres").waitFor();
    await card.getByRole("button", { name: "Acknowledge…" }).click();
    const dialog = page.getByRole("dialog", { name: "Acknowledge" });
    await dialog.getByLabel("Your name").fill("Ada");
    await dialog.getByLabel("Comment").fill("louvres are opening");
    await dialog.getByRole("button", { name: "Acknowledge" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal((await alarm("dome-hot")).acknowledged.by, "Ada");
    await bell(/^Alarms: none needs/);

    // What was done and what was told outlives a kill: the page finds it again, and nobody is told twice.
    const before = told().length;
    await server.kill();
    await bell(/^Alarms: not known/);
    await server.begin();
    await bell(/^Alarms: none needs/);
    const after = await alarm("dome-hot");
    assert.deepEqual([after.state, after.acknowledged.comment], ["alarm", "louvres are opening"]);
    assert.deepEqual(states().slice(before), []);

    temperature = 20;
    await until("the logbook is told the end", () => told().some((notice) => notice.state === "ok"));
    await until("the rule is OK", async () => (await alarm("dome-hot")).state === "ok");

    temperature = null;
    // The limit cannot be judged any more either.
    await bell("Alarms: 2 NO DATA");
    await page.goBack();
    await page.locator('[data-panel="temperature"][data-state="stale"]').waitFor();
    await watched.screenshot("watch-silent");
  } finally {
    await watched.close();
  }
});
