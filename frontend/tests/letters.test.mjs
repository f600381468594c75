// Messages about alarms that reach nobody, by a receiver that fails until they are given up.

import assert from "node:assert/strict";
import { test } from "node:test";
import { launchBrowser, openPage } from "./support/browser.mjs";
import { dashboard } from "./support/dashboard.mjs";
import { LiveServer } from "./support/live_server.mjs";
import { startReceiver } from "./support/receiver.mjs";
import { becomes, until } from "./support/waiting.mjs";

const config = (url) => `
[metrics."dome.wind"]
unit = "km/h"
interval = "1d"
[alarms.wind]
title = "Wind <b>too</b> strong"
kind = "threshold"
metric = "dome.wind"
above = 50
[notify]
give_up_after = "1s"
[notify.receivers.crew]
kind = "webhook"
url = "${url}"
[[notify.routes]]
receivers = ["crew"]
states = ["alarm"]
`;

const DASHBOARD = dashboard("Dome", {
  id: "dome",
  title: "Dome",
  panels: [{ id: "wind", title: "Wind", type: "stat", metric: "dome.wind" }],
});

/** Deliveries are given up after a second, and then there is a round of the page. */
const PATIENCE_MS = 60_000;

test("a message that reached nobody is listed with its error, and is sent again by a click", async () => {
  const receiver = await startReceiver(500);
  const server = await LiveServer.start({ config: config(receiver.url), dashboards: { dome: DASHBOARD } });
  const browser = await launchBrowser();
  try {
    const write = (value) => server.post([{ metric: "dome.wind", time: new Date().toISOString(), values: [value] }]);
    const asked = async (path) => (await fetch(`${server.url}api/v1/${path}`)).json();
    await write(20);
    const isDead = async () => (await asked("outbox")).dead_letters.length === 1;
    await until("the rule is OK", async () => (await asked("alarms")).alarms[0].state === "ok");
    const watched = await openPage(browser, `${server.url}d/dome/dome`);
    const { page } = watched;
    await page.locator('[data-panel="wind"]').waitFor();
    await write(70);
    await until("the message is given up", isDead, PATIENCE_MS);
    await page.getByText("1 message about alarms could not be delivered").waitFor({ timeout: PATIENCE_MS });
    await page.getByRole("link", { name: "Which, and why" }).click();
    const table = page.getByRole("table", { name: "Messages that reached nobody" });
    const row = table.locator("tbody tr");
    await row.waitFor();
    const cells = await row.locator("th, td").allInnerTexts();
    assert.match(cells[0], /ALARM Wind <b>too<\/b> strong: 70 km\/h/);
    assert.equal(cells[1], "crew");
    assert.match(cells[2], /^\d\d:\d\d:\d\d$/);
    assert.equal(cells[3], "1");
    assert.equal(cells[4], "given up after 1 attempts: it answers 500 Internal Server Error");

    // It fails again, and is listed again.
    await row.getByRole("button", { name: "Try again" }).click();
    await until("it is sent again", () => receiver.got.length === 2, PATIENCE_MS);
    await until("it is given up again", isDead, PATIENCE_MS);
    receiver.status = 200;
    await row.getByRole("button", { name: "Try again" }).click({ timeout: PATIENCE_MS });
    await until("it is sent once more", () => receiver.got.length === 3, PATIENCE_MS);
    assert.equal(receiver.got[2].status, 200);
    assert.equal(receiver.got[2].notices[0].value, 70);
    assert.equal(new Set(receiver.got.map(({ id }) => id)).size, 1);
    await table.waitFor({ state: "detached", timeout: PATIENCE_MS });
    await becomes(async () => {
      const { pending, dead_letters } = await asked("outbox");
      return [pending, dead_letters];
    }, [[], []]);
    assert.deepEqual(watched.problems.filter((problem) => !/favicon/.test(problem)), []);
    await watched.close();
  } finally {
    await browser.close();
    await server.stop();
    receiver.stop();
  }
});
