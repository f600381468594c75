// How the page's files travel: policy, caching, compression.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { assetsOf, decoded, get } from "./support/http.mjs";
import { startServer } from "./support/server.mjs";

let server;
let html;

before(async () => {
  server = await startServer();
  html = (await decoded(await get(server.url))).toString();
});

after(() => server?.stop());

/** The Content-Security-Policy as a map from directive to its sources. */
function policyOf({ headers }) {
  const header = headers["content-security-policy"];
  assert.ok(header, "no Content-Security-Policy");
  return new Map(
    header.split(";").map((directive) => {
      const [name, ...sources] = directive.trim().split(/\s+/);
      return [name, sources];
    }),
  );
}

test("the policy allows this server and nothing else", async () => {
  const policy = policyOf(await get(server.url));
  assert.ok(["'self'", "'none'"].includes(policy.get("default-src")?.join(" ")));
  const allowed = /^('self'|'none'|'wasm-unsafe-eval'|'sha256-[\w+/=]+'|data:|blob:)$/;
  for (const [name, sources] of policy) {
    for (const source of sources) assert.match(source, allowed, `${name} allows ${source}`);
  }
  for (const name of ["base-uri", "frame-ancestors", "object-src", "form-action"]) {
    const sources = policy.get(name) ?? (name === "object-src" ? policy.get("default-src") : undefined);
    assert.ok(sources, `${name} is not set, and default-src does not cover it`);
  }
});

test("the policy names the one inline script by its hash", async () => {
  const scripts = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)].map(([, text]) => text);
  assert.equal(scripts.length, 1);
  const hash = createHash("sha256").update(scripts[0]).digest("base64");
  const policy = policyOf(await get(server.url));
  assert.ok(policy.get("script-src").includes(`'sha256-${hash}'`));
  assert.doesNotMatch(html, /\sstyle=|<style/);
});

test("the page is asked for anew each time, and costs nothing if it is the same", async () => {
  const first = await get(server.url);
  assert.equal(first.status, 200);
  assert.match(first.headers["content-type"], /^text\/html/);
  assert.match(first.headers["cache-control"], /no-cache/);
  assert.equal(first.headers["x-content-type-options"], "nosniff");
  const { etag } = first.headers;
  assert.ok(etag, "no ETag");
  const again = await get(server.url, { "if-none-match": etag });
  assert.equal(again.status, 304);
  assert.equal(again.body.length, 0);
});

test("every file that the page names is kept for good by its hashed name", async () => {
  const assets = assetsOf(html, server.url);
  assert.ok(assets.some((url) => url.endsWith(".wasm")) && assets.some((url) => url.endsWith(".js")));
  for (const url of assets) {
    const { status, headers } = await get(url);
    assert.equal(status, 200, url);
    assert.match(new URL(url).pathname, /-[0-9a-f]{8,}/, "the name carries no hash");
    assert.match(headers["cache-control"], /max-age=31536000/, url);
    assert.match(headers["cache-control"], /immutable/, url);
    assert.equal(headers["x-content-type-options"], "nosniff", url);
  }
});

test("files travel as the client can read them", async () => {
  const types = { wasm: /^application\/wasm$/, js: /^(text|application)\/javascript/, css: /^text\/css/ };
  for (const url of assetsOf(html, server.url)) {
    const ending = url.split(".").pop();
    const plain = await get(url, { "accept-encoding": "identity" });
    assert.equal(plain.headers["content-encoding"], undefined, url);
    if (ending in types) assert.match(plain.headers["content-type"], types[ending], url);
    if (plain.body.length < 1000 || ending === "woff2") continue;
    for (const [accept, expected] of [
      ["gzip, deflate, br", "br"],
      ["gzip", "gzip"],
      ["br;q=0, gzip", "gzip"],
    ]) {
      const packed = await get(url, { "accept-encoding": accept });
      assert.equal(packed.headers["content-encoding"], expected, `${url} for ${accept}`);
      assert.match(packed.headers.vary ?? "", /accept-encoding/i, url);
      assert.ok(packed.body.length < plain.body.length, url);
      assert.deepEqual(await decoded(packed), plain.body, url);
    }
  }
});

test("a file that is not there is not answered with the page", async () => {
  const { status } = await get(new URL("frontend-0123456789abcdef.js", server.url));
  assert.equal(status, 404);
});

test("a deep link is answered with the page", async () => {
  const answer = await get(new URL("some/deep/link", server.url), { accept: "text/html" });
  assert.equal(answer.status, 200);
  assert.match(answer.headers["content-type"], /^text\/html/);
});
