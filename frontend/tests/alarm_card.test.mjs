// One alarm explained on its card, and what the crew does about it there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTIVE, listed, lists, useAlarmNights } from "./support/alarm_page.mjs";
import { becomes } from "./support/waiting.mjs";

const { on } = useAlarmNights();

test("a card explains: condition, samples, before, what to do, and leads to the panel at that time", async () => {
  await on("alarms?rule=pacta-high", async (page, night, watched) => {
    const card = page.locator('[data-card="pacta-high"]');
    await card.getByRole("heading", { name: "What to do" }).waitFor();
    await card.locator("[data-time-us]").first().waitFor();
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
    const camera = await card.locator('[data-look="camera"]').getAttribute("href");
    const [, to] = new URL(camera, page.url()).searchParams.get("zoom").split("..");
    assert.ok(Math.abs(Date.parse(to) * 1_000 - night.rule("pacta-high").since_us) < 2_000_000);
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
      await becomes(() => page.evaluate(() => document.activeElement.textContent), new RegExp(button));
    });
  }
});
