// A real nginx before the server, from the configuration beside the tests.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { Started, freePort } from "./processes.mjs";

const TEMPLATE = join(import.meta.dirname, "../nginx.conf.template");

/** The prefix in the template. */
export const PREFIX = "/observatory/watchroom";

/**
 * Starts nginx on two free ports.
 *
 * @param {{ upstream: string, upstreamWithBase: string }} servers
 *   addresses of a server at `/`, and of one whose base path is the prefix.
 * @returns {Promise<{ root: string, stripped: string, kept: string, log: () => string, stop: () => Promise<string> }>}
 *   three addresses ending in `/`: under `/`; under the prefix, which nginx strips; under the
 *   prefix, which nginx passes on.
 */
export async function startNginx({ upstream, upstreamWithBase }) {
  const [port, keepingPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), "watchroom-nginx-"));
  const file = join(folder, "nginx.conf");
  const { uid, username } = userInfo();
  await writeFile(
    file,
    filled(await readFile(TEMPLATE, "utf8"), {
      // As root it would switch to a user who may not enter the folder; otherwise it only warns.
      user: uid === 0 ? `user ${username};` : "",
      folder,
      port,
      keeping_port: keepingPort,
      prefix: PREFIX,
      upstream: new URL(upstream).host,
      upstream_with_base: new URL(upstreamWithBase).host,
    }),
  );
  const program = process.env.WATCHROOM_NGINX ?? "/usr/sbin/nginx";
  const nginx = new Started("nginx", [program, "-c", file, "-p", folder, "-e", "stderr"]);
  const stop = async () => {
    const how = await nginx.stop();
    await rm(folder, { recursive: true, force: true });
    return how;
  };
  const root = `http://127.0.0.1:${port}/`;
  try {
    await nginx.ready(`${root}ready`, 20_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    root,
    stripped: `http://127.0.0.1:${port}${PREFIX}/`,
    kept: `http://127.0.0.1:${keepingPort}${PREFIX}/`,
    log: () => nginx.log,
    stop,
  };
}

/** The template with every name in double braces replaced by its value. */
function filled(template, values) {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => {
    if (!(name in values)) throw new Error(`nginx.conf.template asks for unknown {{${name}}}`);
    return values[name];
  });
}
