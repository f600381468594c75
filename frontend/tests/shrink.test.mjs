// The page's program, sorted for its way through the network, and back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pack } from "../shrink/pack.mjs";
import { unpack, unpacked } from "../shrink/unpack.mjs";

/** A module whose function `t` gives 7 after a block, a loop that is left, and a constant that is dropped. */
const MODULE = Buffer.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7f],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 116, 0, 0],
  ...[10, 31, 1, 29, 1, 2, 0x7f],
  ...[0x02, 0x40, 0x03, 0x40, 0x41, 1, 0x0d, 1, 0x0b, 0x0b],
  ...[0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x1a],
  ...[0x41, 7, 0x22, 1, 0x0f, 0x0b],
]);

test("a sorted program is a module, and comes out as it was", async () => {
  const packed = Buffer.concat(pack(MODULE));
  assert.ok(WebAssembly.validate(packed));
  assert.deepEqual(Buffer.from(unpack(packed)), MODULE);
  const { instance } = await WebAssembly.instantiate(await unpacked(new Response(packed)));
  assert.equal(instance.exports.t(), 7);
});

test("a program that was cut off or not found is an error, and never an endless loop", async () => {
  const packed = Buffer.concat(pack(MODULE));
  for (let length = 0; length < packed.length; length += 1) {
    const cut = packed.subarray(0, length);
    await assert.rejects(async () => WebAssembly.compile(unpack(cut)), `${length} bytes`);
  }
  await assert.rejects(unpacked(new Response("not found", { status: 404 })), /404/);
});
