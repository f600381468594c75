// Live updates through a real nginx: under `/`, under a prefix that it strips, and under one that it passes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startNginx } from "./support/nginx.mjs";
import { startServer } from "./support/server.mjs";
import { openWebSocket } from "./support/websocket.mjs";

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

const QUESTION = {
  envelope: {
    metric: "surfrad.temp",
    channels: "0",
    from: "2016-01-01T00:00:00Z",
    to: "2016-01-02T00:00:00Z",
    columns: 50,
  },
};

async function write(minute, value) {
  const time = `2016-01-01T06:${String(minute).padStart(2, "0")}:30Z`;
  const answer = await fetch(`${server.url}api/v1/frames`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ frames: [{ metric: "surfrad.temp", time, values: [value] }] }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

test("a sample reaches who listens behind nginx at once, and heartbeats go on", async () => {
  let minute = 0;
  for (const base of [nginx.root, nginx.stripped]) {
    const origin = new URL(base).origin;
    const socket = await openWebSocket(`${base}api/v1/live`, { origin });
    try {
      socket.send({ subscribe: [{ id: 7, question: QUESTION }] });
      const whole = await socket.next("increment");
      assert.equal(whole.id, 7);
      assert.equal(whole.part.envelope.metric, "surfrad.temp");
      minute += 1;
      await write(minute, 5000 + minute);
      const part = await socket.next("increment");
      assert.ok(part.to_us - part.from_us < whole.to_us - whole.from_us, "only a part of the answer");
      assert.equal(Math.max(...part.part.envelope.series[0].max), 5000 + minute);
      for (let beat = 0; beat < 3; beat += 1) {
        const { store_ok } = await socket.next("heartbeat");
        assert.equal(store_ok, true);
      }
    } finally {
      socket.close();
    }
  }
});

test("an answer that nginx keeps says where live updates go on from", async () => {
  const question = "api/v1/envelope?metric=surfrad.temp&from=2016-01-01T00:00:00Z&to=2016-01-02T00:00:00Z&columns=50";
  for (let time = 0; time < 2; time += 1) {
    const answer = await fetch(nginx.stripped + question);
    assert.match(answer.headers.get("watchroom-position"), /^\d+\.\d+$/);
  }
});

test("the page of another site may not listen", async () => {
  const foreign = openWebSocket(`${nginx.stripped}api/v1/live`, { origin: "https://elsewhere.example" });
  await assert.rejects(foreign, /403/);
});
