// ECharts with what its manual says about large data: no animation, no symbols, flat typed arrays, its own sampling.

(() => {
  const { harness, echarts } = window;

  function finished(chart, change) {
    return new Promise((resolve) => {
      const done = () => {
        chart.off("finished", done);
        resolve(chart);
      };
      chart.on("finished", done);
      change();
    });
  }

  function make(element, option) {
    const chart = echarts.init(element, null, { renderer: "canvas" });
    return finished(chart, () => chart.setOption({ animation: false, ...option }));
  }

  /** Seconds since the start and value in turns; 32 bits hold each second of a night exactly. */
  function pairs(set) {
    return set.channels.map((channel) => {
      const flat = new Float32Array(channel.length * 2);
      for (let at = 0; at < channel.length; at += 1) {
        flat[at * 2] = set.times[at] - set.times[0];
        flat[at * 2 + 1] = channel[at];
      }
      return flat;
    });
  }

  const series = (flat) =>
    flat.map((data) => ({
      type: "line",
      data,
      sampling: "minmax",
      showSymbol: false,
      lineStyle: { width: 1, color: "rgba(80,140,220,0.25)" },
    }));

  const grid = { left: 50, right: 10, top: 10, bottom: 30 };

  window.peer = {
    prepare: (set) => ({ ...set, flat: pairs(set) }),
    async all(element, size, set) {
      const chart = await make(element, {
        grid,
        tooltip: { trigger: "axis", formatter: (all) => String(all[0]?.value) },
        xAxis: { type: "value", min: 0, max: set.times.length * set.interval },
        yAxis: { type: "value", scale: true },
        dataZoom: [{ type: "inside" }],
        series: series(set.flat ?? pairs(set)),
      });
      return { chart, start: set.times[0] };
    },
    async replace({ chart }, set) {
      await finished(chart, () => chart.setOption({ series: pairs(set).map((data) => ({ data })) }));
    },
    zoom: ({ chart, start }, from, to) =>
      finished(chart, () => chart.dispatchAction({ type: "dataZoom", startValue: from - start, endValue: to - start })),
    raster(element, size, set) {
      const data = [];
      set.channels.forEach((channel, row) => {
        for (let column = 0; column < channel.length; column += 1) {
          if (!Number.isNaN(channel[column])) data.push([column, row, channel[column]]);
        }
      });
      const numbers = (n) => Array.from({ length: n }, (_, number) => number);
      const { low, high } = harness.scale;
      const colours = numbers(64).map((index) => `rgb(${harness.viridis(index / 63).join(",")})`);
      return make(element, {
        grid,
        xAxis: { type: "category", data: numbers(set.times.length) },
        yAxis: { type: "category", data: numbers(set.channels.length) },
        visualMap: { show: false, min: low, max: high, inRange: { color: colours } },
        series: [{ type: "heatmap", data }],
      });
    },
    prepareLine(times, values) {
      const flat = new Float64Array(times.length * 2);
      for (let at = 0; at < times.length; at += 1) {
        flat[at * 2] = times[at];
        flat[at * 2 + 1] = values[at];
      }
      return { times: flat, values: null };
    },
    line: (element, size, flat) =>
      make(element, {
        grid,
        xAxis: { type: "value", min: "dataMin", max: "dataMax" },
        yAxis: { type: "value", scale: true },
        series: [{ type: "line", data: flat, sampling: "minmax", showSymbol: false, lineStyle: { width: 1 } }],
      }),
  };
})();
