// Runs in every measured page before its own code: notes what the page does, and when it was on the screen.
//
// "Painted" is the moment after the frame in which something was drawn: its canvases are rasterised by then, which the
// mark of a page that has just issued its drawing calls does not include.

(() => {
  const probe = {
    /** Marks in their order: name, when it was set, and when that was painted (null until then). */
    marks: [],
    /** Tasks that kept the main thread for more than 50 ms. */
    longTasks: [],
    /** Frames since the page began. */
    frame: 0,
    /** The frame, after the input, in which a canvas below the cursor's was drawn; null while that has not happened. */
    firstDraw: null,
    /** The input that was seen last: when its handlers were called, and before which frame. */
    input: null,
    /** From each move of the pointer until it was painted, in milliseconds. */
    hovers: [],
    /** The WebAssembly memories of the page. */
    memories: [],
  };
  window.watchroomProbe = probe;

  probe.afterPaint = (then) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => then(performance.now());
      port2.postMessage(null);
    });
  probe.painted = () => new Promise(probe.afterPaint);

  const waiting = new Set();
  /** The first mark of this name set at or after a moment, when it is painted. */
  probe.nextMark = (name, since) =>
    new Promise((resolve) => {
      const look = () => {
        const found = probe.marks.find((mark) => mark.name === name && mark.at >= since && mark.painted !== null);
        if (found) {
          waiting.delete(look);
          resolve(found);
        }
      };
      waiting.add(look);
      look();
    });
  const mark = performance.mark.bind(performance);
  performance.mark = (name, options) => {
    const entry = mark(name, options);
    const noted = { name, at: entry.startTime, painted: null };
    probe.marks.push(noted);
    probe.afterPaint((painted) => {
      noted.painted = painted;
      for (const look of [...waiting]) look();
    });
    return entry;
  };

  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) probe.longTasks.push({ startTime, duration });
  });
  observer.observe({ type: "longtask", buffered: true });

  const count = () => {
    probe.frame += 1;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  const hears = (event) => {
    probe.input = { at: performance.now(), frame: probe.frame, type: event.type };
    probe.firstDraw = null;
    if (event.type === "pointermove") {
      const { at } = probe.input;
      probe.afterPaint((painted) => probe.hovers.push(painted - at));
    }
  };
  for (const type of ["wheel", "pointermove", "keydown"]) {
    window.addEventListener(type, hears, { capture: true, passive: true });
  }
  // How a canvas layer begins each of its pictures. The last layer of a stage is that of the cursor.
  const drawing = CanvasRenderingContext2D.prototype;
  for (const name of ["clearRect", "drawImage", "putImageData"]) {
    const draw = drawing[name];
    drawing[name] = function (...args) {
      if (probe.firstDraw === null && probe.input?.type === "wheel" && this.canvas.isConnected) {
        const layers = this.canvas.parentElement.querySelectorAll("canvas");
        if (this.canvas !== layers[layers.length - 1]) probe.firstDraw = probe.frame - probe.input.frame;
      }
      return draw.apply(this, args);
    };
  }

  for (const name of ["instantiate", "instantiateStreaming"]) {
    const instantiate = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await instantiate.apply(WebAssembly, args);
      for (const part of Object.values((made.instance ?? made).exports)) {
        if (part instanceof WebAssembly.Memory) probe.memories.push(part);
      }
      return made;
    };
  }
})();
