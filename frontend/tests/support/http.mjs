// Plain HTTP without the comfort of fetch: bodies as they travel, headers as they are.

import { request } from "node:http";
import { promisify } from "node:util";
import * as zlib from "node:zlib";

/** What came back; `body` is still encoded. */
export function get(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) });
      });
      answer.on("error", reject);
    });
    asked.on("error", reject).end();
  });
}

/** The body of an answer, decoded. */
export async function decoded({ headers, body }) {
  switch (headers["content-encoding"]) {
    case "br":
      return promisify(zlib.brotliDecompress)(body);
    case "gzip":
      return promisify(zlib.gunzip)(body);
    case undefined:
      return body;
    default:
      throw new Error(`unexpected content-encoding ${headers["content-encoding"]}`);
  }
}

/** The files that an index page names, as absolute addresses. */
export function assetsOf(html, pageUrl) {
  const base = html.match(/<base href=["']?([^"'\s>]+)/)?.[1] ?? ".";
  const names = [...html.matchAll(/(?:href|src)=["']?([^"'\s>]+\.(?:js|css|wasm|svg|woff2))/g)];
  return [...new Set(names.map(([, name]) => new URL(name, new URL(base, pageUrl)).href))];
}
