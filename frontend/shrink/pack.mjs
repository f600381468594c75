// Sorts a WebAssembly module so that it packs better; see `unpack.mjs`.

import { DECLARED, OPS, STREAMS, deeper, operands, unpack } from "./unpack.mjs";
import { number } from "./wasm.mjs";

const CODE = 10;

/** A module that is packed, as a module of one custom section, and where in it the pieces end that are best compressed apart. */
export function pack(bytes) {
  let read = 8;
  const next = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[read++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (bytes[read++] !== CODE) {
    const length = next();
    read += length;
  }
  const end = next() + read;
  const n = next();
  const head = bytes.subarray(0, read);
  const places = new Map();
  const put = (place, byte) => {
    if (!places.has(place)) places.set(place, []);
    places.get(place).push(byte);
  };
  const copy = (place) => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[read++];
      put(place, byte);
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const copyBytes = (place, n) => {
    for (; n > 0; n--) put(place, bytes[read++]);
  };
  const skipBytes = (_, n) => {
    read += n;
  };
  // The operations of all functions, and where each begins; then what is behind them.
  const [ops, begins] = [[], []];
  for (let left = n; left > 0; left--) {
    next();
    for (let left = 2 * copy(DECLARED); left > 0; left--) copy(DECLARED);
    for (let depth = 0; depth >= 0; ) {
      begins.push(read);
      copyBytes(OPS, 1);
      const op = bytes[read - 1];
      depth += deeper(op);
      operands([op], 0, next, skipBytes);
      ops.push(op);
    }
  }
  for (const [at, begin] of begins.entries()) {
    read = begin + 1;
    operands(ops, at, copy, copyBytes);
  }
  const sorted = [...places].sort(([one], [other]) => one - other);
  const streams = STREAMS.map((first) => sorted.filter(([place]) => place - (place % 65_536) === first));
  const contents = streams.map((stream) => Buffer.concat(stream.map(([, content]) => Buffer.from(content))));
  const lengths = contents.map(({ length }) => number(length));
  const parts = [Buffer.concat([...[bytes.length, n, head.length].map(number), ...lengths, head])];
  parts.push(...contents, bytes.subarray(end));
  const name = Buffer.from("\x06packed");
  const length = parts.reduce((sum, part) => sum + part.length, name.length);
  const packed = [Buffer.concat([bytes.subarray(0, 8), Buffer.of(0), number(length), name]), ...parts];
  const whole = Buffer.concat(packed);
  if (!bytes.equals(unpack(whole))) throw new Error("what was packed does not come out again");
  return packed;
}
