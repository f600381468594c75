// A PostgreSQL of the test's own that can be stopped, started again, and made to stand still.

import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Started } from "./processes.mjs";

/** Where Debian keeps the programs of each version. */
const DEBIAN_FOLDER = "/usr/lib/postgresql";

/** The account that Debian makes for the server, which refuses to run as root. */
const ACCOUNT = "postgres";

export class Postgres {
  /** Makes a database in a temporary folder and starts its server, which is reached by a socket there. */
  static async start() {
    const postgres = new Postgres();
    postgres.folder = await mkdtemp(join(tmpdir(), "watchroom-postgres-"));
    postgres.programs = await programs();
    const isRoot = process.getuid() === 0;
    // Who changes the account is no longer tied to us, unless it asks for that itself.
    const ids = ["--reuid", ACCOUNT, "--regid", ACCOUNT, "--init-groups", "--pdeathsig", "INT"];
    postgres.as = isRoot ? ["setpriv", ...ids, "--"] : [];
    if (isRoot) {
      run(["chown", ACCOUNT, postgres.folder]);
      await chmod(postgres.folder, 0o755);
    }
    postgres.url = `postgres://postgres@localhost/postgres?host=${postgres.folder}`;
    run(
      [
        ...postgres.as,
        join(postgres.programs, "initdb"),
        ...["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"],
        ...["--pgdata", postgres.data],
      ],
      postgres.folder,
    );
    await postgres.begin();
    return postgres;
  }

  get data() {
    return join(this.folder, "data");
  }

  /** Starts the server, with what it has stored. */
  async begin() {
    const options = ["-c", "listen_addresses=", "-k", this.folder];
    const command = [...this.as, join(this.programs, "postgres"), "-D", this.data, ...options];
    this.process = new Started("postgres", command, { cwd: this.folder });
    await this.process.printed("ready to accept connections");
  }

  /** Whether the server runs. */
  async runs() {
    return (await stat(join(this.data, "postmaster.pid")).catch(() => undefined)) !== undefined;
  }

  /** Stops the server as `pg_ctl stop` does: `fast` ends its connections in order, `immediate` as a crash would. */
  async end(mode = "fast") {
    const command = [join(this.programs, "pg_ctl"), "stop", "--mode", mode, "--pgdata", this.data];
    run([...this.as, ...command], this.folder);
    await this.process.ended;
  }

  /** Lets the server and all that serve its connections stand still: it neither answers nor fails. */
  async freeze() {
    const server = Number((await readFile(join(this.data, "postmaster.pid"), "utf8")).split("\n")[0]);
    process.kill(server, "SIGSTOP");
    // From here on it makes no more of them.
    this.frozen = [...(await childrenOf(server)), server];
    for (const pid of this.frozen) process.kill(pid, "SIGSTOP");
  }

  /** Lets it go on. */
  thaw() {
    for (const pid of this.frozen ?? []) process.kill(pid, "SIGCONT");
    this.frozen = undefined;
  }

  async stop() {
    this.thaw();
    // The quickest way; nobody needs what it has stored.
    this.process.signal("SIGQUIT");
    await this.process.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function run([program, ...args], cwd) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? `${stdout}${stderr}`}`);
}

async function childrenOf(parent) {
  const children = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // One that has just ended has no children either.
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // The name before it may hold anything but ends with the last bracket; then come the state and the parent.
    if (Number(stat.slice(stat.lastIndexOf(")") + 1).trim().split(" ")[1]) === parent) children.push(Number(name));
  }
  return children;
}

/** The folder of the newest server that is installed. */
async function programs() {
  const versions = await readdir(DEBIAN_FOLDER).catch(() => []);
  const folders = versions
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(DEBIAN_FOLDER, version, "bin"));
  for (const folder of [...folders, ...(process.env.PATH ?? "").split(delimiter)]) {
    if ((await stat(join(folder, "initdb")).catch(() => undefined))?.isFile()) return folder;
  }
  throw new Error("PostgreSQL is not installed; run `cargo xtask test browser`, which installs it");
}
