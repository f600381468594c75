// Makes the built page small: `node shrink.mjs DIST`, run by `cargo xtask build` after trunk.
//
// What goes: names of wasm-bindgen in the WebAssembly and in the JavaScript beside it, imports that nobody calls, what
// Leptos exports for servers; then wasm-opt over the WebAssembly, esbuild over scripts and styles, and all styles become
// one file. Last the WebAssembly is sorted, which the page undoes when it loads (shrink/unpack.mjs). Files are named by what
// is in them, and index.html tells their digests anew.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, createBrotliCompress } from "node:zlib";
import { transformSync } from "esbuild";
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

/** Glue of wasm-bindgen without the classes that Leptos' server side exports. */
function withoutStreams(js) {
  return js
    .replaceAll(/^export class IntoUnderlying\w+ \{\n[^]*?^\}\nif \(Symbol\.dispose\).*\n/gm, "")
    .replaceAll(/^const IntoUnderlying\w+Finalization = [^]*?;\n/gm, "");
}

/** The functions of the glue by their names, and the text around them. */
const ENTRY = /^ {8}(\w+): function[^]*?^ {8}\}(?:, arguments\); \})?,\n/gm;

/** How the page starts its program. */
const START = `async function __wbg_init({ module_or_path }) {
  const program = await unpacked(await fetch(module_or_path));
  const { instance, module } = await WebAssembly.instantiate(program, __wbg_get_imports());
  return __wbg_finalize_init(instance, module);
}
export { __wbg_init as default };
`;

/** The glue with what unpacks the program, and without ways of starting one that the page does not take. */
function withUnpacking(js) {
  const parts = [
    [/^async function __wbg_init\([^]*?^\}\n/m, ""],
    [/^export \{ initSync, __wbg_init as default \};$/m, START],
    // All browsers that know what the program needs can do that.
    [/^if \(!\('encodeInto' in \w+\)\) \{[^]*?^\}\n/m, ""],
  ];
  for (const [part, other] of parts) {
    if (!part.test(js)) throw new Error(`wasm-bindgen writes in another way than before: ${part}`);
    js = js.replace(part, other);
  }
  const unpacking = readFileSync(new URL("shrink/unpack.mjs", import.meta.url)).toString();
  return js + unpacking.replaceAll(/^export (?=async function|function|const)/gm, "").replace(/^export \{.*\};$/m, "");
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
  let js = withoutStreams(read(jsName).toString());
  let module = wasm.parse(read(wasmName));
  module = wasm.withoutExports(module, (name) => /^(__wbg_)?intounderlying/.test(name));

  // Functions that do the same get one name; wasm-opt then makes one import of them.
  const short = new Map();
  const byText = new Map();
  let count = 0;
  const next = () => `_${(count++).toString(36)}`;
  for (const [text, name] of js.matchAll(ENTRY)) {
    const body = text.slice(text.indexOf("function")).replaceAll(/^\s*\/\/.*\n/gm, "");
    if (!byText.has(body)) byText.set(body, next());
    short.set(name, byText.get(body));
  }
  for (const name of wasm.exportsOf(module)) if (name.length > 6) short.set(name, next());
  const file = wasm.importsOf(module)[0].module;
  short.set(file, "_");
  module = wasm.withNames(module, (name) => short.get(name) ?? name);
  const code = optimised(wasm.bytes(module));

  const used = new Set(wasm.importsOf(wasm.parse(code)).map(({ name }) => name));
  const done = new Set();
  js = js.replaceAll(ENTRY, (text, name) => {
    const to = short.get(name);
    if (!used.has(to) || done.has(to)) return "";
    done.add(to);
    return text;
  });
  js = js.replaceAll(/[A-Za-z_$][\w$]*/g, (word) => short.get(word) ?? word).replaceAll(`"${file}"`, '"_"');
  const parts = pack(withAlikeTogether(code));
  const newWasm = put("frontend", ".wasm", Buffer.concat(parts), wasmName);
  writeFileSync(join(dist, `${newWasm}.br`), await compressed(parts));
  js = minified(withUnpacking(js), "js", { format: "esm", treeShaking: true }).replaceAll(wasmName, newWasm);
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
