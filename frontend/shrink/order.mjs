// Puts the functions of a WebAssembly module into another order: those that are alike stand behind each other, so that
// brotli finds near by what it has seen. All that tells a function by its number is told the new one.

import { operands } from "./unpack.mjs";
import { Reader, bytes, importsOf, number, parse } from "./wasm.mjs";

const [FUNCTIONS, EXPORTS, START, ELEMENTS, CODE] = [3, 7, 8, 9, 10];
/** The kind of an import or an export that is a function. */
const FUNCTION = 0;
const CALL = 0x10;
const REFERENCE = 0xd2;

/** Two functions are alike by the rows of so many operations that are in both. */
const ROW = 5;
/** What is in more functions than these makes none alike. */
const COMMON = 1_500;
/** So many functions have their say about which comes behind them. */
const LOOKS_BACK = 6;

/** A module with its functions in another order. */
export function withAlikeTogether(code) {
  const module = parse(code);
  const nImports = importsOf(module).filter(({ kind }) => kind[0] === FUNCTION).length;
  const content = (id) => module.sections.find((section) => section.id === id).content;
  const bodies = entries(content(CODE), (reader) => parts(reader.take(reader.number())));
  const types = entries(content(FUNCTIONS), (reader) => number(reader.number()));
  const order = chain(bodies.map(({ operations }) => operations.map(({ op }) => op)));
  const places = new Map(order.map((old, place) => [old + nImports, place + nImports]));
  const renamed = (reader) => {
    const old = reader.number();
    return number(places.get(old) ?? old);
  };

  const written = new Map([
    [FUNCTIONS, () => listed(order.map((old) => types[old]))],
    [EXPORTS, (content) => listed(entries(content, (reader) => exported(reader, renamed)))],
    [START, (content) => renamed(new Reader(content, 0))],
    [ELEMENTS, (content) => listed(entries(content, (reader) => element(reader, renamed)))],
    [CODE, () => listed(order.map((old) => body(bodies[old], renamed)))],
  ]);
  const sections = module.sections.map(({ id, content }) => ({ id, content: written.get(id)?.(content) ?? content }));
  return bytes({ ...module, sections });
}

/** What is listed in a section. */
function entries(content, read) {
  const reader = new Reader(content, 0);
  return Array.from({ length: reader.number() }, () => read(reader));
}

const listed = (written) => Buffer.concat([number(written.length), ...written]);

/** A function as its locals and its operations, each with what stands behind it. */
function parts(code) {
  const reader = new Reader(code, 0);
  for (let left = reader.number(); left > 0; left--) {
    reader.number();
    reader.byte();
  }
  const locals = reader.from(0);
  const operations = [];
  while (!reader.isAtEnd()) {
    const op = reader.byte();
    const start = reader.at;
    const skipNumber = () => reader.number();
    operands([op], 0, skipNumber, (_, n) => reader.take(n), skipNumber);
    operations.push({ op, behind: reader.from(start) });
  }
  return { locals, operations };
}

function body({ locals, operations }, renamed) {
  const written = [locals];
  for (const { op, behind } of operations) {
    const isOfFunction = op === CALL || op === REFERENCE;
    written.push(Buffer.of(op), isOfFunction ? renamed(new Reader(behind, 0)) : behind);
  }
  const code = Buffer.concat(written);
  return Buffer.concat([number(code.length), code]);
}

function exported(reader, renamed) {
  const start = reader.at;
  reader.text();
  const isOfFunction = reader.byte() === FUNCTION;
  const named = reader.from(start);
  return Buffer.concat([named, isOfFunction ? renamed(reader) : number(reader.number())]);
}

function element(reader, renamed) {
  const start = reader.at;
  // From a constant on, of the one table.
  const isKnown = reader.number() === 0 && reader.byte() === 0x41;
  reader.number();
  if (!isKnown || reader.byte() !== 0x0b) throw new Error("elements of a kind that is not known");
  const begin = reader.from(start);
  return Buffer.concat([begin, listed(Array.from({ length: reader.number() }, () => renamed(reader)))]);
}

/** The numbers of functions, given by their operations: each behind those that it is most like. */
function chain(functions) {
  const rows = functions.map(rowsOf);
  const holders = new Map();
  for (const [index, ofOne] of rows.entries()) {
    for (const row of ofOne) {
      if (!holders.has(row)) holders.set(row, []);
      holders.get(row).push(index);
    }
  }
  const bySize = [...rows.keys()].sort((one, other) => rows[other].size - rows[one].size);
  const left = new Set(bySize);
  const order = [];
  while (left.size > 0) {
    const next = mostAlike(order.slice(-LOOKS_BACK).reverse(), { rows, holders, left }) ?? bySize.find((i) => left.has(i));
    left.delete(next);
    order.push(next);
  }
  return order;
}

/** Rows of operations as numbers; that two may get the same number does no harm. */
function rowsOf(operations) {
  const rows = new Set();
  const ops = [0, ...operations, 0];
  for (let at = 0; at + ROW <= ops.length; at++) {
    rows.add(ops.slice(at, at + ROW).reduce((row, op) => row * 256 + op, 0));
  }
  return rows;
}

/** Of the functions that are left, the one that has most in common with some; nothing where none has anything. */
function mostAlike(before, { rows, holders, left }) {
  const scores = new Map();
  for (const [distance, index] of before.entries()) {
    for (const row of rows[index]) {
      const having = holders.get(row);
      if (having.length > COMMON) continue;
      const weight = Math.log2(rows.length / having.length) * 0.6 ** distance;
      for (const other of having) if (left.has(other)) scores.set(other, (scores.get(other) ?? 0) + weight);
    }
  }
  let [best, most] = [undefined, 0];
  for (const [index, score] of scores) {
    // What is long has much in common with all.
    const alike = score / Math.sqrt(rows[index].size + 8);
    if (alike > most) [best, most] = [index, alike];
  }
  return best;
}
