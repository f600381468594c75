// The data set as `watchroom mock` prints it, for the peers: columns of 32-bit floats, one channel after the other.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** 2024-06-01T12:00:00Z, where the data set begins. */
export const START_SECONDS = 1_717_243_200;

/** Lines that `watchroom mock` prints. */
async function* mock(binary, args) {
  const child = spawn(binary, ["mock", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  yield* createInterface({ input: child.stdout, crlfDelay: Infinity });
  const code = await ended;
  if (code !== 0) throw new Error(`watchroom mock ended with ${code}`);
}

/**
 * A night of the 1855 pixels: `values[channel * frames + frame]`, NaN where there is no number.
 *
 * @returns {Promise<{ interval: number, frames: number, channels: number, values: Float32Array, hot: [number, number][] }>}
 *   `hot` lists frame and channel of the samples far above all others.
 */
export async function pixels(binary, interval, hours = 24) {
  const [channels, frames] = [1855, (hours * 3600) / interval];
  const values = new Float32Array(channels * frames).fill(Number.NaN);
  const hot = [];
  const args = ["--quantities", "pixels", "--interval", `${interval}s`, "--length", `${hours}h`, "--format", "jsonl"];
  for await (const line of mock(binary, args)) {
    const body = JSON.parse(line.replaceAll("NaN", "null"));
    const frame = (Date.parse(body.time) / 1000 - START_SECONDS) / interval;
    for (let channel = 0; channel < channels; channel += 1) {
      const value = body.values[channel];
      if (typeof value !== "number") continue;
      values[channel * frames + frame] = value;
      if (value > HOT) hot.push([frame, channel]);
    }
  }
  return { interval, frames, channels, values, hot };
}

/** Only spikes are above it. */
export const HOT = 45;

/** One scalar at 1/s for some days: times in seconds, and values; rows that are missing are left out. */
export async function scalar(binary, days) {
  const most = days * 86_400;
  const values = new Float32Array(most).fill(Number.NaN);
  const args = ["--quantities", "scalar", "--interval", "1s", "--length", `${days}d`, "--format", "line"];
  for await (const line of mock(binary, args)) {
    // mock.scalar_0 value=21.5 1717243200000000000
    const [equals, space] = [line.indexOf("="), line.lastIndexOf(" ")];
    values[Number(line.slice(space + 1, -9)) - START_SECONDS] = Number(line.slice(equals + 1, space));
  }
  let count = 0;
  const times = new Float64Array(most);
  for (let second = 0; second < most; second += 1) {
    if (Number.isNaN(values[second])) continue;
    times[count] = START_SECONDS + second;
    values[count] = values[second];
    count += 1;
  }
  return { times: times.slice(0, count), values: values.slice(0, count) };
}
