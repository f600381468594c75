// uPlot, as its demos use it for many lines and for cells.

(() => {
  const { harness, uPlot } = window;

  function options({ width, height }, more) {
    return { width, height, legend: { show: false }, pxAlign: false, ...more };
  }

  /** Its demo `heatmap`: one path of rectangles for each colour. */
  function cells(u, index) {
    uPlot.orient(u, index, (series, dataX, dataY, scaleX, scaleY, toX, toY, left, top, width, height, _m, _l, rect) => {
      const [xs, ys, values] = u.data[index];
      const [cellWidth, cellHeight] = [Math.max(width / series.columns, 1), Math.max(height / series.rows, 1)];
      const { low, high } = harness.scale;
      const paths = new Map();
      for (let at = 0; at < values.length; at += 1) {
        const value = values[at];
        if (Number.isNaN(value)) continue;
        const colour = Math.min(Math.max(Math.round(((value - low) / (high - low)) * 63), 0), 63);
        let path = paths.get(colour);
        if (!path) paths.set(colour, (path = new Path2D()));
        rect(path, toX(xs[at], scaleX, width, left), toY(ys[at], scaleY, height, top), cellWidth, cellHeight);
      }
      u.ctx.save();
      u.ctx.beginPath();
      u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
      u.ctx.clip();
      for (const [colour, path] of paths) {
        u.ctx.fillStyle = `rgb(${harness.viridis(colour / 63).join(",")})`;
        u.ctx.fill(path);
      }
      u.ctx.restore();
    });
    return null;
  }

  window.peer = {
    all(element, size, set) {
      const series = set.channels.map(() => ({ stroke: "rgba(80,140,220,0.25)", width: 1, points: { show: false } }));
      return new uPlot(options(size, { series: [{}, ...series] }), [set.times, ...set.channels], element);
    },
    replace(chart, set) {
      chart.setData([set.times, ...set.channels]);
    },
    zoom(chart, from, to) {
      chart.setScale("x", { min: from, max: to });
    },
    raster(element, size, set) {
      const [columns, rows] = [set.times.length, set.channels.length];
      const made = [new Float64Array(columns * rows), new Float64Array(columns * rows), new Float32Array(columns * rows)];
      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          const at = row * columns + column;
          made[0][at] = set.times[column];
          made[1][at] = row;
          made[2][at] = set.channels[row][column];
        }
      }
      const range = (first, last) => () => [first, last];
      const more = {
        mode: 2,
        cursor: { show: false },
        scales: {
          x: { time: true, range: range(set.times[0], set.times[0] + columns * set.interval) },
          y: { range: range(0, rows) },
        },
        series: [{}, { paths: cells, columns, rows, facets: [{ scale: "x", auto: false }, { scale: "y", auto: false }] }],
      };
      return new uPlot(options(size, more), [null, made], element);
    },
    line(element, size, times, values) {
      return new uPlot(options(size, { series: [{}, { stroke: "#58c", points: { show: false } }] }), [times, values], element);
    },
  };
})();
