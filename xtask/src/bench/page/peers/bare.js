// A bare canvas: what no library can be quicker than by much. Extremes of each pixel column, then one stroke a line.

(() => {
  const { harness } = window;
  const COLOUR = "rgba(80,140,220,0.25)";

  function canvas(element, { width, height }) {
    const layer = document.createElement("canvas");
    Object.assign(layer, { width, height });
    layer.style.cssText = "position:absolute;left:0;top:0";
    element.append(layer);
    return layer.getContext("2d");
  }

  /** Draws values that lie at equal distances: each, or the least and the greatest in each column where they are many. */
  function stroke(context, values, first, last, { width, height }, low, high) {
    const scale = height / (high - low);
    const perColumn = (last - first) / width;
    context.beginPath();
    if (perColumn < 1) {
      const end = Math.min(Math.ceil(last), values.length);
      for (let at = Math.floor(first); at < end; at += 1) {
        context.lineTo((at - first) / perColumn, height - (values[at] - low) * scale);
      }
      context.stroke();
      return;
    }
    for (let column = 0; column < width; column += 1) {
      const from = Math.floor(first + column * perColumn);
      const to = Math.floor(first + (column + 1) * perColumn);
      let [least, greatest] = [Infinity, -Infinity];
      for (let at = from; at < to; at += 1) {
        const value = values[at];
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }
      if (least > greatest) continue;
      context.lineTo(column, height - (greatest - low) * scale);
      if (least < greatest) context.lineTo(column, height - (least - low) * scale);
    }
    context.stroke();
  }

  function lines(chart, from, to) {
    const { context, size, set } = chart;
    const [start, n] = [set.times[0], set.times.length];
    const frame = (second) => Math.min(Math.max((second - start) / set.interval, 0), n);
    context.clearRect(0, 0, size.width, size.height);
    context.strokeStyle = COLOUR;
    for (const values of set.channels) stroke(context, values, frame(from), frame(to), size, -30, 70);
  }

  const end = (set) => set.times[set.times.length - 1] + set.interval;

  window.peer = {
    all(element, size, set) {
      const chart = { context: canvas(element, size), size, set };
      lines(chart, set.times[0], end(set));
      const cursor = canvas(element, size);
      element.addEventListener("pointermove", (event) => {
        requestAnimationFrame(() => {
          cursor.clearRect(0, 0, size.width, size.height);
          const frame = Math.floor((event.offsetX / size.width) * set.times.length);
          cursor.fillRect(event.offsetX, 0, 1, size.height);
          cursor.fillText(String(set.channels[0][frame]), event.offsetX + 4, 12);
        });
      });
      return chart;
    },
    replace(chart, set) {
      chart.set = set;
      lines(chart, set.times[0], end(set));
    },
    zoom: (chart, from, to) => lines(chart, from, to),
    raster(element, size, set) {
      const context = canvas(element, size);
      const { width, height } = size;
      const [n, rows] = [set.times.length, set.channels.length];
      const folded = new Float32Array(width * height).fill(-Infinity);
      for (let channel = 0; channel < rows; channel += 1) {
        const values = set.channels[channel];
        const base = (height - 1 - Math.floor((channel * height) / rows)) * width;
        for (let column = 0, at = 0; column < width; column += 1) {
          const to = Math.floor(((column + 1) * n) / width);
          let greatest = folded[base + column];
          for (; at < to; at += 1) if (values[at] > greatest) greatest = values[at];
          folded[base + column] = greatest;
        }
      }
      const { low, high } = harness.scale;
      const colours = new Uint32Array(256);
      for (let index = 0; index < 256; index += 1) {
        const [red, green, blue] = harness.viridis(index / 255);
        colours[index] = (255 << 24) | (blue << 16) | (green << 8) | red;
      }
      const image = context.createImageData(width, height);
      const dots = new Uint32Array(image.data.buffer);
      const scale = 255 / (high - low);
      for (let dot = 0; dot < folded.length; dot += 1) {
        if (folded[dot] === -Infinity) continue;
        dots[dot] = colours[Math.min(Math.max(Math.round((folded[dot] - low) * scale), 0), 255)];
      }
      context.putImageData(image, 0, 0);
    },
    line(element, size, _times, values) {
      const context = canvas(element, size);
      let [low, high] = [Infinity, -Infinity];
      for (const value of values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
      context.strokeStyle = COLOUR;
      stroke(context, values, 0, values.length, size, low, high);
    },
  };
})();
