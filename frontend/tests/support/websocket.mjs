// As much of a WebSocket as a script needs: JSON in text messages, both ways.

import { randomBytes } from "node:crypto";
import { request } from "node:http";

/**
 * Opens a WebSocket.
 *
 * @param {string} url its address, with `http:`
 * @param {Record<string, string>} headers of the handshake
 * @returns {Promise<{ send: (message: unknown) => void, next: (wanted: string) => Promise<any>, close: () => void }>}
 *   `next` waits for a message of one kind and gives what it says.
 */
export function openWebSocket(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const handshake = request(url, {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
        ...headers,
      },
    });
    handshake.on("error", reject);
    handshake.on("response", (response) => {
      response.resume();
      reject(new Error(`no WebSocket: ${response.statusCode}`));
    });
    handshake.on("upgrade", (_, socket, head) => resolve(speaking(socket, head)));
    handshake.end();
  });
}

function speaking(socket, head) {
  let bytes = head;
  const messages = [];
  let wake = () => {};
  const take = () => {
    for (let frame = firstFrame(bytes); frame; frame = firstFrame(bytes)) {
      bytes = bytes.subarray(frame.end);
      if (frame.kind === TEXT) messages.push(JSON.parse(frame.payload.toString()));
    }
    wake();
  };
  socket.on("data", (more) => {
    bytes = Buffer.concat([bytes, more]);
    take();
  });
  socket.on("error", () => {});
  take();
  return {
    send: (message) => socket.write(masked(Buffer.from(JSON.stringify(message)))),
    async next(wanted) {
      const deadline = Date.now() + 60_000;
      for (;;) {
        const message = messages.shift();
        if (message?.[wanted]) return message[wanted];
        if (message) continue;
        if (Date.now() > deadline) throw new Error(`no ${wanted} comes`);
        await new Promise((resolve) => {
          wake = resolve;
          setTimeout(resolve, 1000);
        });
      }
    },
    close: () => socket.destroy(),
  };
}

const TEXT = 1;

/** The first whole frame of the server, if it is there. */
function firstFrame(bytes) {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { kind: bytes[0] & 0x0f, payload: bytes.subarray(start, end), end };
}

/** A text message of a client: under a mask, here of zeros, under which it is what it is. */
function masked(payload) {
  const header = Buffer.alloc(8);
  header[0] = 0x80 | TEXT;
  header[1] = 0x80 | 126;
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
