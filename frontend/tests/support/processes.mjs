// Child processes that never outlive the tests: not after a failure, not after a kill.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const running = new Set();

// Also on an uncaught error or a signal: the runner then never reaches its `after` hooks.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

// Asks the kernel to end the child when we are killed outright; only Linux has it.
const SETPRIV = "/usr/bin/setpriv";
const tied = (command) => (existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "TERM", ...command] : command);

/** A started program with what it printed. */
export class Started {
  #child;
  #log = "";

  constructor(name, command, options = {}) {
    this.name = name;
    const [program, ...args] = tied(command);
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    running.add(this.#child);
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(`cannot be started: ${error.message}`));
      this.#child.once("exit", (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
    }).finally(() => running.delete(this.#child));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.#log += text));
    }
  }

  /** Everything it has printed. */
  get log() {
    return this.#log;
  }

  /** Waits until `url` answers 200; fails when the program ends first or takes too long. */
  async ready(url, timeoutMs = 180_000) {
    const deadline = Date.now() + timeoutMs;
    let end;
    this.ended.then((how) => (end = how));
    let last = "no answer yet";
    while (Date.now() < deadline) {
      if (end) throw new Error(`${this.name} ${end}\n${this.#log}`);
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
        await answer.arrayBuffer();
        if (answer.ok) return;
        last = `status ${answer.status}`;
      } catch (error) {
        last = error.cause?.code ?? error.message;
      }
      await sleep(50);
    }
    throw new Error(`${this.name} is not ready after ${timeoutMs / 1000} s (${last})\n${this.#log}`);
  }

  /** Waits until it has printed `text`; fails when it ends first or takes too long. */
  async printed(text, timeoutMs = 60_000) {
    const deadline = Date.now() + timeoutMs;
    let end;
    this.ended.then((how) => (end = how));
    while (!this.#log.includes(text)) {
      if (end) throw new Error(`${this.name} ${end}\n${this.#log}`);
      if (deadline < Date.now()) throw new Error(`${this.name} does not say "${text}"\n${this.#log}`);
      await sleep(20);
    }
  }

  /** Sends it a signal, such as `SIGSTOP`. */
  signal(name) {
    this.#child.kill(name);
  }

  /** Asks it to end, kills it if it does not within ten seconds; returns how it ended. */
  async stop() {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }
}

/** A loopback port that nobody listens on. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
