// Makes the WebAssembly module again of one that `pack.mjs` has sorted. Goes into the page: nothing here needs anything
// else.
//
// Packed, the operations of all functions stand behind each other, and what stands behind an operation (a number of a
// local, a constant, an offset, …) is in a stream of its kind. Alike beside alike, brotli makes a seventh less of them.

// Streams by their first place. Most have a place for each of the operations around, because what stands beside the same
// is alike. How much is at each place is told by the operations.
const STREAMS = Array.from({ length: 23 }, (_, stream) => stream * 65_536);
const [OPS, DECLARED, KINDS, LABELS, CALLS, SETS, CONSTS, WIDE, ALIGNS, LOADS, STORES, FLOATS, OTHERS, GETS] = STREAMS;
const FIELDS = STREAMS.at(-3);

const isWithin = (op, first, last) => op >= first && op <= last;

/** One of the places of a stream, by three operations around. That some others share it does no harm. */
const around = (one, two, three) => one * 256 + ((two + three * 5) & 255);

/** The place of a local that is read, by what is done with it. */
const getsOf = (next) =>
  GETS +
  65_536 *
    (isWithin(next, 0x28, 0x35)
      ? 1
      : isWithin(next, 0x36, 0x3e)
        ? 2
        : isWithin(next, 0x45, 0x5a)
          ? 3
          : [0x41, 0x20, 0x10].indexOf(next) + 4 || 0);

/** The place of how far behind the field that was loaded before of the same thing one is: of four bytes, eight, others. */
const fieldsOf = (op) => FIELDS + 65_536 * Math.min(op - 0x28, 2);

/**
 * Copies what stands behind the operation `ops[at]`: `number(place)` copies a number and gives it, `bytes(place, n)` so
 * many bytes, `offset(op)` that of what is loaded. Gives the local that is then on the stack, if it is one.
 */
export function operands(ops, at, number, bytes, offset) {
  const op = ops[at];
  // Calculations have nothing behind them.
  if (isWithin(op, 0x45, 0xc4)) return;
  const next = ops[at + 1] | 0;
  const before = ops[at - 1] | 0;
  const numbers = (place, n) => {
    for (; n > 0; n--) number(place);
  };
  if (op === 0x20) return number(getsOf(next));
  if (op === 0x22) return number(SETS + before);
  if (op === 0x21) number(SETS + before);
  else if (op === 0x41) number(CONSTS + around(next, ops[at + 2], before));
  else if (isWithin(op, 0x28, 0x3e)) {
    number(ALIGNS);
    if (op < 0x36) offset(op);
    else number(STORES);
  } else if (op === 0x10) number(CALLS + around(before, ops[at - 2], ops[at - 3]));
  else if (op === 0x0c || op === 0x0d) number(LABELS + op);
  else if (op === 0x42) number(WIDE + around(next, before, 0));
  else if (op === 0x43) bytes(FLOATS, 4);
  else if (op === 0x44) bytes(FLOATS, 8);
  else if (op === 0x0e) numbers(OTHERS, number(OTHERS) + 1);
  else if (op === 0x1c) numbers(OTHERS, number(OTHERS));
  else if (op === 0x11) numbers(KINDS + op, 2);
  else if (op === 0xfc) {
    const what = number(OTHERS);
    numbers(OTHERS, what < 8 ? 0 : [8, 10, 12, 14].includes(what) ? 2 : 1);
  } else if (isWithin(op, 2, 4) || isWithin(op, 0x23, 0x26) || [0x3f, 0x40, 0xd0, 0xd2].includes(op)) number(KINDS + op);
}

/** The change of depth that an operation makes; a function ends where it would go below 0. */
export const deeper = (op) => (isWithin(op, 2, 4) ? 1 : op === 0x0b ? -1 : 0);

/** The program of the page as it came. */
export async function unpacked(answer) {
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return unpack(new Uint8Array(await answer.arrayBuffer()));
}

export { DECLARED, LOADS, OPS, STREAMS, fieldsOf };

function damaged() {
  throw new Error("the program is damaged");
}

/** Writes into `at` where each place of the streams begins. */
function starts(at, packed, lengths, begin) {
  const ops = packed.subarray(begin, begin + lengths[0]);
  const count = (place) => {
    at[place]++;
    return 0;
  };
  for (let read = 0; read < ops.length; read++) {
    // Locals that are read, and memory, have streams of one place.
    if (ops[read] !== 0x20 && !isWithin(ops[read], 0x28, 0x3e)) operands(ops, read, count, count, count);
  }
  for (const [stream, length] of lengths.entries()) {
    let read = begin;
    begin += length;
    const [first, behind] = [STREAMS[stream], STREAMS[stream] + 65_536];
    // Streams of one place have not been counted in all.
    const isDivided = first >= KINDS && first <= WIDE;
    for (let place = first; place < behind; place++) {
      let left = at[place];
      at[place] = read;
      if (!isDivided) break;
      for (; left > 0; left--) while (packed[read++] > 127);
    }
  }
  return ops;
}

/**
 * Writes the numbers of functions in the data. They mostly grow by a little, so that of each which does only by how much
 * it is more than the one before is there, and three marks.
 */
function tellNumbers(data, last, mark) {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let at = 0; at + 3 < data.length; at++) {
    if (data[at + 1] === mark && data[at + 2] === mark && data[at + 3] === mark) {
      last += data[at];
      view.setUint32(at, last, true);
      at += 3;
    }
  }
}

/** The module of a packed one, as bytes. */
export function unpack(packed) {
  let read = 8;
  const number = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = packed[read++];
      value += (byte & 127) * shift;
      if (!(byte > 127)) return value;
    }
  };
  // The custom section that all of it is in, by its number, length and name.
  read++;
  number();
  const name = number();
  read += name;
  const size = number();
  // With room for what is longer only while it is made.
  const out = new Uint8Array(size + 5);
  let n = number();
  const head = number();
  const last = number();
  const mark = number();
  const lengths = STREAMS.map(number);
  out.set(packed.subarray(read, (read += head)));
  let write = head;
  const at = new Uint32Array(STREAMS.length * 65_536);
  const ops = starts(at, packed, lengths, read);
  for (const length of lengths) read += length;
  const take = (place) => (out[write++] = packed[at[place]++]);
  const copy = (place) => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = take(place);
      value += (byte & 127) * shift;
      if (!(byte > 127)) return value;
    }
  };
  const bytes = (place, n) => {
    for (; n > 0; n--) take(place);
  };
  /** Writes a number and gives where it ends. */
  const put = (value, begin) => {
    for (; value > 127; value = Math.floor(value / 128)) out[begin++] = (value & 127) | 128;
    out[begin++] = value;
    return begin;
  };
  // Of each local, what was loaded of it last.
  const offsets = new Map();
  let local;
  const offset = (op) => {
    let value = offsets.get(local);
    if (value === undefined) value = copy(LOADS);
    else {
      const begin = write;
      const change = copy(fieldsOf(op));
      value += change % 2 ? (change + 1) / -2 : change / 2;
      write = put(value, begin);
    }
    if (local !== undefined) offsets.set(local, value);
  };
  let done = 0;
  for (; n > 0; n--) {
    // Its length is known only when it is there.
    const start = write;
    write += 5;
    for (let left = 2 * copy(DECLARED); left > 0; left--) copy(DECLARED);
    offsets.clear();
    for (let depth = 0; depth >= 0; ) {
      if (!(write < out.length)) damaged();
      depth += deeper(take(OPS));
      local = operands(ops, done++, copy, bytes, offset);
    }
    const begin = put(write - start - 5, start);
    out.copyWithin(begin, start + 5, write);
    write -= start + 5 - begin;
  }
  if (write + packed.length - read !== size) damaged();
  out.set(packed.subarray(read), write);
  tellNumbers(out.subarray(write), last, mark);
  return out.subarray(0, size);
}
