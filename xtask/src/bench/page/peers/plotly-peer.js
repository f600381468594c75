// Plotly: lines as SVG (without a GPU there is no other way), cells by its own heatmap.

(() => {
  const { harness, Plotly } = window;
  const LAYOUT = { showlegend: false, hovermode: "closest", margin: { l: 50, r: 10, t: 10, b: 30 } };
  const plot = (element, { width, height }, traces, more = {}) =>
    Plotly.newPlot(element, traces, { width, height, ...LAYOUT, ...more }, { displayModeBar: false });

  const traces = (set) =>
    set.channels.map((y) => ({
      type: "scatter",
      mode: "lines",
      x: set.times,
      y,
      line: { width: 1, color: "rgba(80,140,220,0.25)" },
    }));

  window.peer = {
    all: (element, size, set) => plot(element, size, traces(set)),
    replace: (chart, set) => Plotly.react(chart, traces(set), chart.layout),
    zoom: (chart, from, to) => Plotly.relayout(chart, { "xaxis.range": [from, to] }),
    raster(element, size, set) {
      const { low, high } = harness.scale;
      const trace = { type: "heatmap", z: set.channels, zmin: low, zmax: high, colorscale: "Viridis", showscale: false };
      return plot(element, size, [{ ...trace, x0: set.times[0], dx: set.interval }]);
    },
    line: (element, size, x, y) => plot(element, size, [{ type: "scatter", mode: "lines", x, y }]),
  };
})();
