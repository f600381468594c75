// The page of the demo, opened as a crew opens it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/browser.mjs";
import { marks, settledPanels, waitForMark } from "./support/panels.mjs";
import { startServer } from "./support/server.mjs";
import { useSession } from "./support/session.mjs";

const session = useSession(() => startServer());

test("the page opens, every panel shows its data, and nothing goes wrong", async () => {
  const watched = await openPage(session.browser, session.server.url);
  const shown = await settledPanels(watched);
  assert.ok(shown.some(({ state }) => state === "ready"), "no panel has data");
  watched.assertNoProblems();
  await watched.close();
});

test("the loading picture is gone once the application stands", async () => {
  const watched = await openPage(session.browser, session.server.url);
  await settledPanels(watched);
  assert.equal(await watched.page.locator(".boot").count(), 0);
  assert.equal(await watched.page.locator(".boot-error").count(), 0);
  await watched.close();
});

test("no request leaves the machine", async () => {
  const watched = await openPage(session.browser, session.server.url);
  await settledPanels(watched);
  const foreign = watched.requests.filter((url) => {
    const { protocol, host } = new URL(url);
    return protocol !== "data:" && protocol !== "blob:" && host !== new URL(session.server.url).host;
  });
  assert.deepEqual(foreign, []);
  await watched.close();
});

test("the application is fetched once: the preload is the one that is used", async () => {
  const watched = await openPage(session.browser, session.server.url);
  await settledPanels(watched);
  const wasm = watched.requests.filter((url) => url.endsWith(".wasm"));
  assert.equal(wasm.length, 1, wasm.join("\n"));
  await watched.close();
});

test("the page marks when each panel is drawn and when all are", async () => {
  const watched = await openPage(session.browser, session.server.url);
  const shown = await settledPanels(watched);
  await waitForMark(watched.page, "page:complete");
  const set = await marks(watched.page);
  for (const { id, state } of shown) {
    if (state === "ready") assert.ok(set.includes(`panel:${id}:drawn`), `no mark for ${id} in ${set}`);
  }
  await watched.close();
});

test("a reload keeps what the address says", async () => {
  const watched = await openPage(session.browser, session.server.url);
  await settledPanels(watched);
  const { page } = watched;
  const second = page.getByRole("tab").nth(1);
  const name = await second.innerText();
  const before = page.url();
  await second.click();
  await page.waitForURL((url) => url.href !== before);
  const shown = (await settledPanels(watched)).map(({ id }) => id);
  const address = page.url();

  await page.reload();
  assert.deepEqual((await settledPanels(watched)).map(({ id }) => id), shown);
  assert.equal(page.url(), address);
  assert.equal(await page.getByRole("tab", { selected: true }).innerText(), name);
  watched.assertNoProblems();
  await watched.close();
});

test("a page whose program stops says so, whether in a handler or in a task", async () => {
  // A module whose only function traps, as the page does where it panics.
  const trap = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11];
  for (const where of ["handler", "task"]) {
    const watched = await openPage(session.browser, session.server.url);
    await settledPanels(watched);
    const { page } = watched;
    await page.evaluate(
      ([trap, where]) => {
        const stop = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(trap))).exports.t;
        if (where === "handler") setTimeout(stop);
        else void Promise.resolve().then(stop);
      },
      [trap, where],
    );
    const banner = page.locator(".boot-error");
    await banner.waitFor();
    assert.match(await banner.innerText(), /This page has stopped.*unreachable/);
    assert.equal(await banner.getByRole("button", { name: "Reload" }).count(), 1);
    await watched.close();
  }
});

test("a page that cannot load says so and offers to reload", async () => {
  const context = await session.browser.newContext();
  const page = await context.newPage();
  await page.route(/\.wasm$/, (route) => route.abort());
  await page.goto(session.server.url);
  const banner = page.getByRole("alert");
  await banner.waitFor();
  assert.match(await banner.innerText(), /stopped/);
  assert.equal(await banner.getByRole("button", { name: "Reload" }).count(), 1);
  await context.close();
});
