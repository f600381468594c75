// A server with a configuration and with data of the test's own, for what the demo does not show.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Started, freePort } from "./processes.mjs";

const BINARY = resolve(process.env.WATCHROOM_BIN ?? join(import.meta.dirname, "../../../target/release/watchroom"));

/** The most frames that are sent at once. */
const BATCH = 500;

/**
 * Starts `watchroom serve` on a free port and stores `frames` in it.
 *
 * @param {{ config: string, dashboards: Record<string, string>, frames: object[], files?: Record<string, string> }} options
 *   `config` is `watchroom.toml` without its server and store; `dashboards` are files by name, without `.toml`;
 *   `frames` are those of `POST /api/v1/frames`; `files` are others by name, beside `watchroom.toml`.
 * @returns {Promise<{ url: string, log: () => string, stop: () => Promise<string> }>}
 *   `url` ends in `/`.
 */
export async function startOwnServer({ config, dashboards, frames, files = {} }) {
  const folder = await mkdtemp(join(tmpdir(), "watchroom-test-"));
  await mkdir(join(folder, "dashboards"));
  const address = `127.0.0.1:${await freePort()}`;
  const head = `[server]\nlisten = "${address}"\n\n[store]\nurl = "sqlite:${join(folder, "watchroom.db")}"\n\n`;
  await writeFile(join(folder, "watchroom.toml"), head + config);
  for (const [name, text] of Object.entries(dashboards)) {
    await writeFile(join(folder, "dashboards", `${name}.toml`), text);
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const server = new Started("watchroom", [BINARY, "serve", "-c", join(folder, "watchroom.toml")]);
  const stop = async () => {
    const how = await server.stop();
    await rm(folder, { recursive: true, force: true });
    return how;
  };
  const url = `http://${address}/`;
  try {
    await server.ready(`${url}ready`);
    for (let from = 0; from < frames.length; from += BATCH) {
      const body = JSON.stringify({ frames: frames.slice(from, from + BATCH) });
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${url}api/v1/frames`, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`frames were refused: ${answer.status} ${await answer.text()}`);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, log: () => server.log, stop };
}
