// What all peers share: their data, and when their pictures were on the screen. A peer's own script sets `window.peer`:
//
//   all(element, size, set)      draws all channels as lines, and gives a chart
//   replace(chart, set)          draws another set in its place
//   zoom(chart, from, to)        shows these seconds
//   raster(element, size, set)   draws time x channel in colours
//   line(element, size, times, values)
//
// Each may give a promise. The data are in memory, in the form that the peer takes, before its time begins.

(() => {
  const painted = () => window.watchroomProbe.painted();

  async function load(path, Kind) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return new Kind(await answer.arrayBuffer());
  }

  /** A set of channels; every `thin`th frame of what is stored. */
  function asSet(values, { start, interval, frames, thin = 1 }) {
    const kept = Math.ceil(frames / thin);
    const times = Float64Array.from({ length: kept }, (_, frame) => start + frame * interval * thin);
    const channels = [];
    for (let first = 0; first < values.length; first += frames) {
      const channel = values.subarray(first, first + frames);
      channels.push(thin === 1 ? channel : Float32Array.from({ length: kept }, (_, frame) => channel[frame * thin]));
    }
    return { times, channels, interval: interval * thin };
  }

  function place({ width, height }) {
    const element = document.createElement("div");
    element.style.cssText = `position:relative;display:inline-block;vertical-align:top;width:${width}px;height:${height}px`;
    document.body.append(element);
    return element;
  }

  /** Milliseconds until what `draw` draws is painted. */
  async function timed(draw) {
    await painted();
    const start = performance.now();
    const drawn = await draw();
    await painted();
    return { ms: performance.now() - start, drawn };
  }

  const charts = [];
  let set = null;
  let samples = null;

  window.harness = {
    /** A night of panels, from the start of the page: when the first was painted, and when all were. */
    async night({ panels, size, shape }) {
      let first = null;
      const panel = async (number) => {
        const element = place(size);
        const values = await load(`/night-${number}`, Float32Array);
        charts[number] = await window.peer.all(element, size, asSet(values, shape));
        await painted();
        first ??= performance.now();
      };
      await Promise.all(Array.from({ length: panels }, (_, number) => panel(number)));
      return { first, complete: performance.now() };
    },
    /** Another night in the place of that. */
    async nextNight({ shape }) {
      await Promise.all(
        charts.map(async (chart, number) => {
          const values = await load(`/night-${number}`, Float32Array);
          charts[number] = (await window.peer.replace(chart, asSet(values, shape))) ?? chart;
        }),
      );
      await painted();
    },
    async loadSet({ path, shape }) {
      const loaded = asSet(await load(path, Float32Array), shape);
      set = window.peer.prepare?.(loaded) ?? loaded;
    },
    async all({ size }) {
      const { ms, drawn } = await timed(() => window.peer.all(place(size), size, set));
      charts[0] = drawn;
      return ms;
    },
    async zoom({ from, to }) {
      return (await timed(() => window.peer.zoom(charts[0], from, to))).ms;
    },
    async raster({ size }) {
      return (await timed(() => window.peer.raster(place(size), size, set))).ms;
    },
    async loadLine() {
      const [times, values] = await Promise.all([load("/line-times", Float64Array), load("/line-values", Float32Array)]);
      samples = window.peer.prepareLine?.(times, values) ?? { times, values };
    },
    async line({ size }) {
      return (await timed(() => window.peer.line(place(size), size, samples.times, samples.values))).ms;
    },
    /** Colours from dark blue to yellow, as `[red, green, blue]`; `part` is 0 to 1. */
    viridis(part) {
      const at = Math.min(Math.max(part, 0), 1) * (VIRIDIS.length - 1);
      const [from, to] = [VIRIDIS[Math.floor(at)], VIRIDIS[Math.ceil(at)]];
      return from.map((value, index) => Math.round(value + (to[index] - value) * (at - Math.floor(at))));
    },
    /** The values of the first and of the last colour. */
    scale: { low: -30, high: 70 },
  };
  const VIRIDIS = [
    [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
    [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
  ];

  // A night is opened by its address, as ours is.
  window.addEventListener("DOMContentLoaded", async () => {
    if (!location.hash.startsWith("#night=")) return;
    const plan = JSON.parse(decodeURIComponent(location.hash.slice("#night=".length)));
    window.opened = window.harness.night(plan);
    window.opened.catch(() => {});
  });
})();
