// The page's program, sorted for its way through the network, and back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withAlikeTogether } from "../shrink/order.mjs";
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

/** A module of the functions 0 (imported), `a` 1, `b` 2 and `c` 3, where `a` calls 3 and the table 0 has 2 in it. */
const CALLING = Buffer.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 9, 2, 0x60, 0, 1, 0x7f, 0x60, 0, 1, 0x7e],
  ...[2, 7, 1, 1, 95, 1, 105, 0, 0],
  ...[3, 4, 3, 0, 1, 0],
  ...[4, 4, 1, 0x70, 0, 1],
  ...[7, 17, 4, 1, 97, 0, 1, 1, 98, 0, 2, 1, 99, 0, 3, 1, 116, 1, 0],
  ...[9, 7, 1, 0, 0x41, 0, 0x0b, 1, 2],
  ...[10, 29, 3],
  ...[4, 0, 0x10, 3, 0x0b],
  ...[4, 0, 0x42, 5, 0x0b],
  ...[17, 0, 0x10, 0, 0x41, 1, 0x6a, 0x41, 2, 0x6a, 0x41, 3, 0x6a, 0x41, 4, 0x6a, 0x0b],
]);

test("functions in another order are told by their new numbers, wherever they are told", async () => {
  const ordered = withAlikeTogether(CALLING);
  assert.notDeepEqual(ordered, CALLING);
  const { instance } = await WebAssembly.instantiate(ordered, { _: { i: () => 100 } });
  const { a, b, c, t } = instance.exports;
  assert.deepEqual([a(), b(), c(), t.get(0)()], [110, 5n, 110, 5n]);
});
