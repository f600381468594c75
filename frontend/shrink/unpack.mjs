// Makes the WebAssembly module again of one that `pack.mjs` has sorted. Goes into the page: nothing here needs anything
// else.
//
// Packed, the operations of all functions stand behind each other, and what stands behind an operation (a number of a
// local, a constant, an offset, …) is in a stream of its kind. Alike beside alike, brotli makes a seventh less of them.

// Streams by their numbers. Locals and constants are told apart by the operation that follows.
const [OPS, DECLARED, OTHERS, LABELS, CALLS, ALIGNS, LOADS, STORES, WIDE, FLOATS] = Array(10).keys();
const [GETS, SETS, CONSTS] = [10, 20, 30];
const N_STREAMS = 40;

const isWithin = (op, first, last) => op >= first && op <= last;

/** What kind of operation follows. */
const kindOf = (op) =>
  isWithin(op, 0x28, 0x35)
    ? 1
    : isWithin(op, 0x36, 0x3e)
      ? 2
      : isWithin(op, 0x45, 0x5a)
        ? 3
        : [0x41, 0x20, 0x10, 0x6a, 0x71].indexOf(op) + 4 || 0;

/**
 * Copies what stands behind an operation that `next` follows: `number(stream)` copies a number and gives it,
 * `bytes(stream, n)` so many bytes.
 */
export function operands(op, next, number, bytes) {
  const numbers = (stream, n) => {
    for (; n > 0; n--) number(stream);
  };
  if (op === 0x20) number(GETS + kindOf(next));
  else if (op === 0x21 || op === 0x22) number(SETS + kindOf(next));
  else if (op === 0x41) number(CONSTS + kindOf(next));
  else if (isWithin(op, 0x28, 0x3e)) {
    number(ALIGNS);
    number(op < 0x36 ? LOADS : STORES);
  } else if (op === 0x10) number(CALLS);
  else if (op === 0x0c || op === 0x0d) number(LABELS);
  else if (op === 0x42) number(WIDE);
  else if (op === 0x43) bytes(FLOATS, 4);
  else if (op === 0x44) bytes(FLOATS, 8);
  else if (op === 0x0e) numbers(OTHERS, number(OTHERS) + 1);
  else if (op === 0x1c) numbers(OTHERS, number(OTHERS));
  else if (op === 0x11) numbers(OTHERS, 2);
  else if (op === 0xfc) {
    const what = number(OTHERS);
    numbers(OTHERS, what < 8 ? 0 : [8, 10, 12, 14].includes(what) ? 2 : 1);
  } else if (isWithin(op, 2, 4) || isWithin(op, 0x23, 0x26) || [0x3f, 0x40, 0xd0, 0xd2].includes(op)) number(OTHERS);
}

/** The change of depth that an operation makes; a function ends where it would go below 0. */
export const deeper = (op) => (isWithin(op, 2, 4) ? 1 : op === 0x0b ? -1 : 0);

/** The program of the page as it came. */
export async function unpacked(answer) {
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return unpack(new Uint8Array(await answer.arrayBuffer()));
}

export { DECLARED, N_STREAMS, OPS };

function damaged() {
  throw new Error("the program is damaged");
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
  const lengths = Array.from({ length: N_STREAMS }, number);
  out.set(packed.subarray(read, (read += head)));
  let write = head;
  const at = lengths.map((length) => (read += length) - length);
  const take = (stream) => (out[write++] = packed[at[stream]++]);
  const copy = (stream) => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = take(stream);
      value += (byte & 127) * shift;
      if (!(byte > 127)) return value;
    }
  };
  const bytes = (stream, n) => {
    for (; n > 0; n--) take(stream);
  };
  for (; n > 0; n--) {
    // Its length is known only when it is there.
    const start = write;
    write += 5;
    for (let left = 2 * copy(DECLARED); left > 0; left--) copy(DECLARED);
    for (let depth = 0; depth >= 0; ) {
      if (!(write < out.length)) damaged();
      const op = take(OPS);
      depth += deeper(op);
      operands(op, packed[at[OPS]], copy, bytes);
    }
    let length = write - start - 5;
    let begin = start;
    for (; length > 127; length = Math.floor(length / 128)) out[begin++] = (length & 127) | 128;
    out[begin++] = length;
    out.copyWithin(begin, start + 5, write);
    write -= start + 5 - begin;
  }
  if (write + packed.length - read !== size) damaged();
  out.set(packed.subarray(read), write);
  return out.subarray(0, size);
}
