// Answers about the closed past, kept by a real nginx and checked before they are used again.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decoded, get } from "./support/http.mjs";
import { startNginx } from "./support/nginx.mjs";
import { startServer } from "./support/server.mjs";
import { until } from "./support/waiting.mjs";

let server;
let nginx;

before(async () => {
  server = await startServer();
  nginx = await startNginx({ upstream: server.url, upstreamWithBase: server.url });
});

after(async () => {
  await nginx?.stop();
  await server?.stop();
});

const CLOSED =
  "api/v1/envelope?metric=surfrad.temp&from=2016-01-01T00:00:00Z&to=2016-01-02T00:00:00Z&columns=50";

/** Asks through nginx until it has asked the server; gives what came and how nginx says it came. */
async function askedAnew(path, headers) {
  return until("nginx asks whether its answer still holds", async () => {
    const answer = await get(nginx.stripped + path, headers);
    return answer.headers["x-cache"] !== "HIT" && answer;
  });
}

async function post(body) {
  const answer = await fetch(`${server.url}api/v1/frames`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.text());
}

test("an answer is computed once, confirmed, and replaced when a late sample comes", async () => {
  const json = { accept: "application/json" };
  // The first question of all may make the first tiles, and has no version yet.
  await until("the answer has a version", async () => (await get(server.url + CLOSED, json)).headers.etag);
  const first = await get(nginx.stripped + CLOSED, json);
  assert.equal(first.headers["x-cache"], "MISS");
  assert.ok(first.headers.etag, "no ETag");
  const second = await get(nginx.stripped + CLOSED, json);
  assert.equal(second.headers["x-cache"], "HIT");
  assert.deepEqual(second.body, first.body);
  const known = await get(nginx.stripped + CLOSED, { ...json, "if-none-match": first.headers.etag });
  assert.equal(known.status, 304);

  const confirmed = await askedAnew(CLOSED, json);
  assert.equal(confirmed.headers["x-cache"], "REVALIDATED");
  assert.deepEqual(confirmed.body, first.body);

  await post({ frames: [{ metric: "surfrad.temp", time: "2016-01-01T06:00:30Z", values: [1234.5] }] });
  const changed = await askedAnew(CLOSED, json);
  assert.notEqual(changed.headers.etag, first.headers.etag);
  assert.match((await decoded(changed)).toString(), /1234\.5/);
});

test("the forms of an answer are not taken for each other", async () => {
  const json = await get(nginx.stripped + CLOSED, { accept: "application/json" });
  const packed = await get(nginx.stripped + CLOSED, { accept: "application/vnd.watchroom.v3+postcard" });
  assert.match(json.headers["content-type"], /json/);
  assert.doesNotMatch(packed.headers["content-type"], /json/);
});

test("what is about now is asked anew each time", async () => {
  for (const path of ["api/v1/latest?metric=camera.l1_rate", "api/v1/nights"]) {
    for (let time = 0; time < 2; time += 1) {
      const answer = await get(nginx.stripped + path);
      assert.equal(answer.status, 200, path);
      assert.equal(answer.headers["x-cache"], "MISS", path);
    }
  }
});
