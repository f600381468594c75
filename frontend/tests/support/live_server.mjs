// A server of the test's own that gets its samples while the page is open, and can be stopped, killed and started again.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Started, freePort } from "./processes.mjs";

const BINARY = resolve(process.env.WATCHROOM_BIN ?? join(import.meta.dirname, "../../../target/release/watchroom"));

export class LiveServer {
  /**
   * Writes the configuration and starts the server on a free port.
   *
   * @param {{ config: string, dashboards: Record<string, string>, store?: string }} options as those of `startOwnServer`;
   *   `store` is the URL of a database that is not its own.
   */
  static async start({ config, dashboards, store }) {
    const server = new LiveServer();
    server.folder = await mkdtemp(join(tmpdir(), "watchroom-live-"));
    await mkdir(join(server.folder, "dashboards"));
    const address = `127.0.0.1:${await freePort()}`;
    const url = store ?? `sqlite:${join(server.folder, "watchroom.db")}`;
    const head = `[server]\nlisten = "${address}"\n\n[store]\nurl = "${url}"\n\n`;
    await writeFile(join(server.folder, "watchroom.toml"), head + config);
    for (const [name, text] of Object.entries(dashboards)) {
      await writeFile(join(server.folder, "dashboards", `${name}.toml`), text);
    }
    server.url = `http://${address}/`;
    await server.begin();
    return server;
  }

  /** Starts it, on its port and with what it has stored. */
  async begin() {
    this.process = new Started("watchroom", [BINARY, "serve", "-c", join(this.folder, "watchroom.toml")]);
    await this.process.ready(`${this.url}ready`);
  }

  /** Kills it without a chance to say goodbye. */
  async kill() {
    this.process.signal("SIGKILL");
    await this.process.ended;
  }

  /** Stores frames. */
  async post(frames) {
    const answer = await fetch(`${this.url}api/v1/frames`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ frames }),
    });
    if (!answer.ok) throw new Error(`frames were refused: ${answer.status} ${await answer.text()}`);
  }

  async stop() {
    this.process.signal("SIGCONT");
    const how = await this.process.stop();
    await rm(this.folder, { recursive: true, force: true });
    return how;
  }
}
