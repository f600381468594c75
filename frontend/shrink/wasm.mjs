// Reads a WebAssembly module as far as names of imports and exports go, and writes it with others.

const IMPORTS = 2;
const EXPORTS = 7;

/** A module by its sections: `{ id, content }` each. */
export function parse(bytes) {
  const reader = new Reader(bytes, 8);
  const sections = [];
  while (!reader.isAtEnd()) {
    const id = reader.byte();
    const length = reader.number();
    sections.push({ id, content: reader.take(length) });
  }
  return { head: bytes.subarray(0, 8), sections };
}

/** The module as bytes. */
export function bytes({ head, sections }) {
  const parts = sections.flatMap(({ id, content }) => [Buffer.from([id]), number(content.length), content]);
  return Buffer.concat([head, ...parts]);
}

/** What is imported: `{ module, name, kind }` each; `kind` is what stands behind the names, as it is written. */
export const importsOf = (module) => entries(module, IMPORTS, readImport);

/** The names of what is exported. */
export const exportsOf = (module) => entries(module, EXPORTS, readExport).map(({ name }) => name);

/** The module without the exports that `isUnwanted` names. */
export function withoutExports(module, isUnwanted) {
  const left = entries(module, EXPORTS, readExport).filter(({ name }) => !isUnwanted(name));
  return replaced(module, EXPORTS, left.map(writtenExport));
}

/** The module with every name of an import or an export, and of where imports are from, put through `to`. */
export function withNames(module, to) {
  const imports = importsOf(module).map(({ module, name, kind }) =>
    Buffer.concat([text(to(module)), text(to(name)), kind]),
  );
  const exports = entries(module, EXPORTS, readExport).map(({ name, kind }) => writtenExport({ name: to(name), kind }));
  return replaced(replaced(module, IMPORTS, imports), EXPORTS, exports);
}

const writtenExport = ({ name, kind }) => Buffer.concat([text(name), kind]);

function entries({ sections }, id, read) {
  const section = sections.find((section) => section.id === id);
  if (!section) return [];
  const reader = new Reader(section.content, 0);
  return Array.from({ length: reader.number() }, () => read(reader));
}

function replaced({ head, sections }, id, written) {
  const content = Buffer.concat([number(written.length), ...written]);
  return { head, sections: sections.map((section) => (section.id === id ? { id, content } : section)) };
}

function readImport(reader) {
  const [module, name] = [reader.text(), reader.text()];
  const start = reader.at;
  const limits = () => {
    const flags = reader.byte();
    reader.number();
    if (flags & 1) reader.number();
  };
  switch (reader.byte()) {
    case 0:
      reader.number();
      break;
    case 1:
      reader.byte();
      limits();
      break;
    case 2:
      limits();
      break;
    case 3:
      reader.byte();
      reader.byte();
      break;
    default:
      throw new Error(`an import of an unknown kind: ${name}`);
  }
  return { module, name, kind: reader.from(start) };
}

function readExport(reader) {
  const name = reader.text();
  const start = reader.at;
  reader.byte();
  reader.number();
  return { name, kind: reader.from(start) };
}

export function number(value) {
  const written = [];
  do {
    const rest = value >>> 7;
    written.push((value & 127) | (rest ? 128 : 0));
    value = rest;
  } while (value);
  return Buffer.from(written);
}

const text = (value) => Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)]);

export class Reader {
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
  }

  isAtEnd() {
    return this.at >= this.bytes.length;
  }

  byte() {
    return this.bytes[this.at++];
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  take(length) {
    this.at += length;
    return this.from(this.at - length);
  }

  from(start) {
    return this.bytes.subarray(start, this.at);
  }

  text() {
    return this.take(this.number()).toString();
  }
}
