// Who is told of alarms: a receiver of webhooks on loopback.

import { createServer } from "node:http";

/** A receiver that answers `status`, and keeps in `got` what came: the delivery's id, what it was answered, and its body. */
export async function startReceiver(status = 204) {
  const receiver = { status, got: [] };
  const server = createServer(async (request, answer) => {
    let body = "";
    for await (const part of request) body += part;
    receiver.got.push({ id: request.headers["x-watchroom-delivery"], status: receiver.status, ...JSON.parse(body) });
    answer.writeHead(receiver.status).end();
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  receiver.url = `http://127.0.0.1:${server.address().port}/in`;
  receiver.stop = () => server.close();
  return receiver;
}
