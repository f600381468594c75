// Serves the peers' pages, their libraries and the data on 127.0.0.1.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const TYPES = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html" };

/** The libraries as their packages bring them. */
const LIBRARIES = {
  "/uplot.js": "node_modules/uplot/dist/uPlot.iife.min.js",
  "/uplot.css": "node_modules/uplot/dist/uPlot.min.css",
  "/echarts.js": "node_modules/echarts/dist/echarts.min.js",
  "/plotly.js": "node_modules/plotly.js-dist-min/plotly.min.js",
};

/**
 * Starts it. `data` maps paths to bytes. What a browser would get packed from a good server, it gets packed: by brotli,
 * once and beforehand.
 */
export async function startHost(data) {
  const files = new Map();
  const add = (path, type, bytes, quality) => {
    const packed = brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: 22 },
    });
    files.set(path, { type, packed });
  };
  for (const [path, file] of Object.entries(LIBRARIES)) {
    add(path, TYPES[extname(path)], await readFile(join(import.meta.dirname, file)), 9);
  }
  for (const name of ["harness.js", "bare.js", "uplot-peer.js", "echarts-peer.js", "plotly-peer.js"]) {
    add(`/${name}`, "text/javascript", await readFile(join(import.meta.dirname, "peers", name)), 9);
  }
  add("/empty.html", "text/html", Buffer.from("<!doctype html><title>empty</title><p>nothing"), 9);
  for (const [peer, { script, style, library }] of Object.entries(PAGES)) {
    const head = [
      style && `<link rel="stylesheet" href="/${style}">`,
      library && `<script src="/${library}"></script>`,
      `<script src="/harness.js"></script><script src="/${script}"></script>`,
    ];
    const page = `<!doctype html><title>${peer}</title><style>body{margin:8px}</style>${head.filter(Boolean).join("")}<body>`;
    add(`/${peer}.html`, "text/html", Buffer.from(page), 9);
  }
  for (const [path, bytes] of Object.entries(data)) add(path, "application/octet-stream", bytes, 3);

  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url, "http://host");
    // The same night under any name, as nine metrics have it.
    const file = files.get(pathname) ?? files.get(pathname.replace(/-\d+$/, ""));
    if (!file) {
      answer.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
      return;
    }
    answer.writeHead(200, {
      "content-type": file.type,
      "content-encoding": "br",
      "content-length": file.packed.length,
      "cache-control": "no-store",
    });
    answer.end(file.packed);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

/** What is measured beside the page: name in files, and what it is made of. */
export const PAGES = {
  bare: { script: "bare.js" },
  uplot: { script: "uplot-peer.js", library: "uplot.js", style: "uplot.css" },
  echarts: { script: "echarts-peer.js", library: "echarts.js" },
  plotly: { script: "plotly-peer.js", library: "plotly.js" },
};
