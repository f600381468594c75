// Makes the built page small: `node shrink.mjs DIST`, run by `cargo xtask build` after trunk.
//
// What goes: names of wasm-bindgen in the WebAssembly and in the JavaScript beside it, imports that nobody calls (the others
// are told by their number), what Leptos exports for servers; then wasm-opt over the WebAssembly, esbuild over scripts and
// styles, and all styles become one file. Last the WebAssembly is sorted, which the page undoes when it loads
// (shrink/unpack.mjs). Files are named by what is in them, and index.html tells their digests anew.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, createBrotliCompress } from "node:zlib";
import { transformSync } from "esbuild";
import * as glue from "./shrink/glue.mjs";
import { withAlikeTogether } from "./shrink/order.mjs";
import { pack } from "./shrink/pack.mjs";
import * as wasm from "./shrink/wasm.mjs";

const dist = process.argv[2];

const read = (name) => readFileSync(join(dist, name));

/** Writes a file under a name by its content, in the place of others. */
function put(stem, ending, content, ...old) {
  for (const name of old) rmSync(join(dist, name));
  const name = `${stem}-${createHash("sha256").update(content).digest("hex").slice(0, 16)}${ending}`;
  writeFileSync(join(dist, name), content);
  return name;
}

const digest = (content) => `sha384-${createHash("sha384").update(content).digest("base64")}`;

/** index.html, with another file in the place of one. */
function renamed(html, old, name) {
  const tags = html.replaceAll(new RegExp(`<[^<>]*\\./${old}"[^<>]*>`, "g"), (tag) =>
    tag.replace(/integrity="[^"]*"/, `integrity="${digest(read(name))}"`),
  );
  return tags.replaceAll(old, name);
}

function minified(text, loader, options = {}) {
  return transformSync(text, { loader, minify: true, target: "esnext", legalComments: "none", ...options }).code.trim();
}

/** wasm-opt; what it does after the first pass makes code that is shorter, but packs worse. */
function optimised(code) {
  const [before, after] = ["before", "after"].map((name) => join(dist, `${name}.wasm`));
  writeFileSync(before, code);
  const features = ["bulk-memory", "bulk-memory-opt", "nontrapping-float-to-int", "sign-ext", "mutable-globals"];
  features.push("reference-types", "multivalue");
  const options = [
    ...features.map((feature) => `--enable-${feature}`),
    "--low-memory-unused",
    "-Oz",
    "--one-caller-inline-max-function-size=40",
    "--skip-pass=local-cse",
    "--skip-pass=simplify-locals",
    // The locals that are used most get the least numbers, once no pass makes others any more.
    "--reorder-locals",
    // How a value is aligned is only a hint, which no browser takes.
    "--dealign",
    "--strip-producers",
    "--strip-target-features",
  ];
  const run = spawnSync("wasm-opt", [before, "-o", after, ...options], { stdio: "inherit" });
  if (run.status !== 0) throw new Error(`wasm-opt failed: ${run.error ?? run.status}`);
  const small = readFileSync(after);
  for (const file of [before, after]) rmSync(file);
  return small;
}

/** Pieces as one file of brotli that knows where one ends and the next begins. */
async function compressed(parts) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    // Repeats are near, as alike functions are: told by fewer numbers with a mode and a window that expect that.
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_FONT,
    [constants.BROTLI_PARAM_LGWIN]: 18,
    [constants.BROTLI_PARAM_LGBLOCK]: 24,
  };
  const brotli = createBrotliCompress({ params });
  const chunks = [];
  brotli.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve, reject) => brotli.on("end", resolve).on("error", reject));
  for (const part of parts.filter(({ length }) => length > 0)) {
    brotli.write(part);
    await new Promise((resolve) => brotli.flush(constants.BROTLI_OPERATION_FLUSH, resolve));
  }
  brotli.end();
  await ended;
  return Buffer.concat(chunks);
}

async function shrinkProgram(html) {
  const names = readdirSync(dist);
  const jsName = names.find((name) => /^frontend-[0-9a-f]+\.js$/.test(name));
  const wasmName = names.find((name) => /^frontend-[0-9a-f]+_bg\.wasm$/.test(name));
  let js = glue.inFewerWords(glue.withoutStreams(read(jsName).toString()));
  let module = wasm.parse(read(wasmName));
  module = wasm.withoutExports(module, (name) => /^(__wbg_)?intounderlying/.test(name));

  const short = new Map();
  const next = () => `_${short.size.toString(36)}`;
  for (const name of wasm.exportsOf(module)) if (name.length > 6) short.set(name, next());
  const file = wasm.importsOf(module)[0].module;
  short.set(file, "_");
  // Functions that do the same get one name; wasm-opt then makes one import of them.
  const [byText, entries] = [new Map(), new Map()];
  for (const [text, name] of js.matchAll(glue.ENTRY)) {
    const body = text.slice(text.indexOf(":") + 1).replaceAll(/^\s*\/\/.*\n/gm, "");
    if (!byText.has(body)) byText.set(body, next());
    short.set(name, byText.get(body));
    entries.set(short.get(name), body);
  }
  module = wasm.withNames(module, (name) => short.get(name) ?? name);
  module = wasm.parse(optimised(wasm.bytes(module)));

  // They are an array, in the order in which the program has them; those that it does not call are left out.
  const imports = wasm.importsOf(module).map(({ name }) => name);
  if (!imports.every((name) => entries.has(name))) throw new Error("wasm-bindgen writes in another way than before");
  const places = new Map(imports.map((name, place) => [name, `${place}`]));
  module = wasm.withNames(module, (name) => places.get(name) ?? name);
  const list = `[${imports.map((name) => entries.get(name)).join("")}];`;
  js = js.replaceAll(glue.ENTRY, "").replace(/\{\s+__proto__: null,\s+\};/, () => list);
  js = js.replaceAll(/[A-Za-z_$][\w$]*/g, (word) => short.get(word) ?? word).replaceAll(`"${file}"`, '"_"');
  const parts = pack(withAlikeTogether(wasm.bytes(module)));
  const newWasm = put("frontend", ".wasm", Buffer.concat(parts), wasmName);
  writeFileSync(join(dist, `${newWasm}.br`), await compressed(parts));
  js = minified(glue.withUnpacking(js), "js", { format: "esm", treeShaking: true }).replaceAll(wasmName, newWasm);
  const newJs = put("frontend", ".js", js, jsName);
  return renamed(renamed(html, wasmName, newWasm), jsName, newJs);
}

/** All styles in one file, in their order. */
function shrinkStyles(html) {
  const links = [...html.matchAll(/<link rel="stylesheet" href="\.\/([^"]+)"[^>]*>\s*/g)];
  const files = links.map(([, name]) => name);
  const name = put("style", ".css", minified(files.map(read).join("\n"), "css"), ...files);
  const [first, ...others] = links.map(([link]) => link);
  const rest = others.reduce((text, link) => text.replace(link, ""), html);
  return rest.replace(first, `<link rel="stylesheet" href="./${name}" integrity="${digest(read(name))}">`);
}

function shrinkBoot(html) {
  const [, old] = html.match(/src="\.\/(boot-[^"]+\.js)"/);
  return renamed(html, old, put("boot", ".js", minified(read(old).toString(), "js"), old));
}

let html = read("index.html").toString();
html = html.replaceAll(/<!--[^]*?-->/g, "").replaceAll(/\s*\n\s*/g, "\n");
for (const shrink of [shrinkProgram, shrinkStyles, shrinkBoot]) html = await shrink(html);
writeFileSync(join(dist, "index.html"), html);
