// Waiting for what comes in its own time: on a loaded machine that is later than one thinks.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

/** Between two looks, in milliseconds. */
const PAUSE_MS = 100;

/** How long is waited where nothing else is said, in milliseconds: long enough for two busy cores. */
const PATIENCE_MS = 30_000;

/** Waits until `look` gives something, and gives that; after `patienceMs` it fails and tells `what` was waited for. */
export async function until(what, look, patienceMs = PATIENCE_MS) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (deadline < Date.now()) throw new Error(`in ${patienceMs / 1000} s never: ${what}`);
    await sleep(PAUSE_MS);
  }
}

/** Waits until `look` gives just `expected`, or a text that matches it; after `patienceMs` it fails with what it gives. */
export async function becomes(look, expected, patienceMs = PATIENCE_MS) {
  const isSo = (found) => (expected instanceof RegExp ? expected.test(found) : isDeepStrictEqual(found, expected));
  const deadline = Date.now() + patienceMs;
  let found = await look();
  while (!isSo(found) && Date.now() < deadline) {
    await sleep(PAUSE_MS);
    found = await look();
  }
  if (expected instanceof RegExp) assert.match(found, expected);
  else assert.deepEqual(found, expected);
}

/** Waits until `look` gives the same again after some time, in milliseconds, and gives that. */
export async function steady(what, look, forMs = 500) {
  let before = await look();
  await until(`${what} stands still`, async () => {
    await sleep(forMs);
    const [last, now] = [before, await look()];
    before = now;
    return isDeepStrictEqual(last, now);
  });
  return before;
}

/** Waits until what was asked to be drawn is on the screen: the page draws at the next frame. */
export const nextFrames = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
