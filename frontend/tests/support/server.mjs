// The demo server under test: the release binary with the page inside, standing still.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Started, freePort } from "./processes.mjs";

const BINARY = resolve(process.env.WATCHROOM_BIN ?? join(import.meta.dirname, "../../../target/release/watchroom"));

/**
 * Starts `watchroom demo` on a free port with a store of its own.
 *
 * `--no-live`: no new samples come, so that figures stand still while a test reads them.
 *
 * @param {{ basePath?: string, args?: string[], env?: Record<string, string> }} options
 *   `basePath` mounts it below a path, as behind a proxy that does not strip the prefix.
 * @returns {Promise<{ url: string, log: () => string, stop: () => Promise<string> }>}
 *   `url` ends in `/`.
 */
export async function startServer({ basePath = "", args = [], env = {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "watchroom-test-"));
  const origin = `http://127.0.0.1:${await freePort()}`;
  const command = [BINARY, "demo", "--listen", origin.slice("http://".length)];
  command.push("--store", `sqlite:${join(folder, "watchroom.db")}`, "--no-live");
  if (basePath) command.push("--base-path", basePath);
  const server = new Started("watchroom", [...command, ...args], { env: { ...process.env, ...env } });
  const stop = async () => {
    const how = await server.stop();
    await rm(folder, { recursive: true, force: true });
    return how;
  };
  try {
    await server.ready(`${origin}${basePath}/ready`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `${origin}${basePath}/`, log: () => server.log, stop };
}
