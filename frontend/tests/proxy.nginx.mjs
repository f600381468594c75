// The page behind a real nginx: with a host of its own, and under a path of a shared one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser, openPage } from "./support/browser.mjs";
import { assetsOf, decoded, get } from "./support/http.mjs";
import { PREFIX, startNginx } from "./support/nginx.mjs";
import { settledPanels } from "./support/panels.mjs";
import { startServer } from "./support/server.mjs";
import { becomes } from "./support/waiting.mjs";

let server;
let serverWithBase;
let nginx;
let browser;

before(async () => {
  server = await startServer();
  serverWithBase = await startServer({ basePath: PREFIX });
  nginx = await startNginx({ upstream: server.url, upstreamWithBase: serverWithBase.url });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await nginx?.stop();
  await serverWithBase?.stop();
  await server?.stop();
});

const WAYS = [
  ["under /", () => nginx.root],
  ["under a prefix that nginx strips", () => nginx.stripped],
  ["under a prefix that nginx passes on", () => nginx.kept],
];

for (const [way, address] of WAYS) {
  test(`${way}: the page opens and every panel shows its data`, async () => {
    const watched = await openPage(browser, address());
    const shown = await settledPanels(watched);
    assert.ok(shown.some(({ state }) => state === "ready"), "no panel has data");
    watched.assertNoProblems();
    const outside = watched.requests.filter((url) => !/^(data|blob):/.test(url) && !samePath(url, address()));
    assert.deepEqual(outside, [], "requests beside the prefix");
    await watched.close();
  });

  test(`${way}: a deep link opens, and reloads, to the same panels`, async () => {
    const watched = await openPage(browser, address());
    await settledPanels(watched);
    await watched.page.getByRole("tab").nth(1).click();
    await becomes(() => watched.page.getByRole("tab").nth(1).getAttribute("aria-selected"), "true");
    // Whether they are fresh may change meanwhile.
    const ids = (panels) => panels.map(({ id }) => id);
    const shown = ids(await settledPanels(watched));
    const link = watched.page.url();
    assert.ok(link.startsWith(address()), link);
    await watched.close();

    const opened = await openPage(browser, link);
    assert.deepEqual(ids(await settledPanels(opened)), shown);
    await opened.page.reload();
    assert.deepEqual(ids(await settledPanels(opened)), shown);
    opened.assertNoProblems();
    await opened.close();
  });

  test(`${way}: files keep their caching and their compression`, async () => {
    const page = await get(address(), { "accept-encoding": "br" });
    assert.match(page.headers["cache-control"], /no-cache/);
    assert.ok(page.headers["content-security-policy"]);
    const again = await get(address(), { "accept-encoding": "br", "if-none-match": page.headers.etag });
    assert.equal(again.status, 304);
    const wasm = assetsOf((await decoded(page)).toString(), address()).find((url) => url.endsWith(".wasm"));
    const asset = await get(wasm, { "accept-encoding": "br" });
    assert.equal(asset.status, 200, wasm);
    assert.equal(asset.headers["content-encoding"], "br");
    assert.match(asset.headers["cache-control"], /immutable/);
    const answer = await get(new URL("api/v1/metrics", address()).href, { "accept-encoding": "gzip, br, zstd" });
    assert.equal(answer.headers["content-encoding"], "zstd");
    assert.equal(answer.body.readUInt32LE(), 0xfd2fb528, "the magic number of zstd");
  });
}

test("the prefix without its last slash leads to the page", async () => {
  const answer = await get(nginx.stripped.slice(0, -1));
  assert.ok([301, 302, 307, 308].includes(answer.status), `status ${answer.status}`);
  assert.equal(new URL(answer.headers.location, nginx.stripped).href, nginx.stripped);
});

/** Whether a request stays below the address that the page was opened at. */
function samePath(url, address) {
  const [asked, own] = [new URL(url), new URL(address)];
  return asked.host === own.host && asked.pathname.startsWith(own.pathname);
}
