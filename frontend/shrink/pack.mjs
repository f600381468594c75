// Sorts a WebAssembly module so that it packs better; see `unpack.mjs`.

import { DECLARED, LOADS, OPS, STREAMS, deeper, fieldsOf, operands, unpack } from "./unpack.mjs";
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
  const [ops, begins, functions] = [[], [], new Set()];
  for (let left = n; left > 0; left--) {
    next();
    functions.add(ops.length);
    for (let left = 2 * copy(DECLARED); left > 0; left--) copy(DECLARED);
    for (let depth = 0; depth >= 0; ) {
      begins.push(read);
      copyBytes(OPS, 1);
      const op = bytes[read - 1];
      depth += deeper(op);
      operands([op], 0, next, skipBytes, next);
      ops.push(op);
    }
  }
  const offsets = new Map();
  let local;
  const offset = (op) => {
    const last = offsets.get(local);
    const value = last === undefined ? copy(LOADS) : next();
    if (last !== undefined) {
      const change = value - last;
      for (const byte of number(change < 0 ? -2 * change - 1 : 2 * change)) put(fieldsOf(op), byte);
    }
    if (local !== undefined) offsets.set(local, value);
  };
  for (const [at, begin] of begins.entries()) {
    read = begin + 1;
    if (functions.has(at)) offsets.clear();
    local = operands(ops, at, copy, copyBytes, offset);
  }
  const sorted = [...places].sort(([one], [other]) => one - other);
  const streams = STREAMS.map((first) => sorted.filter(([place]) => place - (place % 65_536) === first));
  const contents = streams.map((stream) => Buffer.concat(stream.map(([, content]) => Buffer.from(content))));
  const lengths = contents.map(({ length }) => number(length));
  const { data, last, mark } = withMarkedNumbers(bytes.subarray(end));
  const parts = [Buffer.concat([...[bytes.length, n, head.length, last, mark].map(number), ...lengths, head])];
  parts.push(...contents, data);
  const name = Buffer.from("\x06packed");
  const length = parts.reduce((sum, part) => sum + part.length, name.length);
  const packed = [Buffer.concat([bytes.subarray(0, 8), Buffer.of(0), number(length), name]), ...parts];
  const whole = Buffer.concat(packed);
  if (!bytes.equals(unpack(whole))) throw new Error("what was packed does not come out again");
  return packed;
}

/** The most by which a number of a function is more than the one before, to be told by that. */
const STEP = 16;

/** Data in which numbers of functions are told as `unpack.mjs` reads them: what they begin behind, and what marks them. */
function withMarkedNumbers(data) {
  // More than any step, so that no step is taken for a mark.
  const bytes = Array.from({ length: 255 - STEP }, (_, less) => 255 - less);
  const mark = bytes.find((byte) => !data.includes(Buffer.alloc(3, byte)));
  const begins = Array.from({ length: 256 }, (_, at) => at * 8);
  const tried = begins.map((last) => ({ last, ...marked(data, last, mark) }));
  return { ...tried.reduce((best, other) => (other.count > best.count ? other : best)), mark };
}

function marked(data, last, mark) {
  const written = Buffer.from(data);
  let count = 0;
  for (let at = 0; at + 3 < data.length; at++) {
    const more = data.readUInt32LE(at) - last;
    if (more < 1 || more > STEP) continue;
    written.fill(mark, at + 1, at + 4);
    written[at] = more;
    last += more;
    count++;
    at += 3;
  }
  return { data: written, count };
}
