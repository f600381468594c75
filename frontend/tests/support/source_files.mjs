// The bundled source files, read without the program under test.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const DATA = join(import.meta.dirname, "../../../backend/data");

/**
 * A table as a map from a row's time in microseconds to the row, by column name.
 *
 * @param {string} name below `backend/data`, such as `surfrad/alamosa_2016-01-01.csv.gz`
 * @param {string} timeColumn holding UTC times, with or without a zone
 */
export async function sourceRows(name, timeColumn) {
  const text = (await promisify(gunzip)(await readFile(join(DATA, name)))).toString();
  const [header, ...lines] = text.trim().split(/\r?\n/);
  const columns = header.split(",");
  const rows = new Map();
  for (const line of lines) {
    const row = Object.fromEntries(line.split(",").map((cell, index) => [columns[index], cell]));
    const time = row[timeColumn].includes("T") ? row[timeColumn] : `${row[timeColumn].replace(" ", "T")}Z`;
    rows.set(Date.parse(time) * 1000, row);
  }
  return rows;
}
