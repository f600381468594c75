// Makes the JavaScript that wasm-bindgen writes beside the WebAssembly small.

import { readFileSync } from "node:fs";

/** Glue of wasm-bindgen without the classes that Leptos' server side exports. */
export function withoutStreams(js) {
  return js
    .replaceAll(/^export class IntoUnderlying\w+ \{\n[^]*?^\}\nif \(Symbol\.dispose\).*\n/gm, "")
    .replaceAll(/^const IntoUnderlying\w+Finalization = [^]*?;\n/gm, "");
}

/** The functions of the glue by their names, and the text around them. */
export const ENTRY = /^ {8}(\w+): (?!null)[^]*?^ {8}\}\)?,\n/gm;

/**
 * The glue in fewer words: what it gives the program are arrow functions, what may throw is wrapped once, and texts and
 * things are handed over by one function each.
 */
export function inFewerWords(js) {
  const parts = [
    [/^( {8}\w+): function\(\) \{ return handleError\(function \((.*)\) \{$/gm, "$1: handleError(($2) => {"],
    [/^ {8}\}, arguments\); \},$/gm, "        }),"],
    [/^( {8}\w+): function\((.*)\) \{$/gm, "$1: ($2) => {"],
    [/^function handleError\(f, args\) \{\n {4}try \{\n {8}return f\.apply\(this, args\);$/m, HANDLE_ERROR],
    [/^( {8}wasm\.__wbindgen_exn_store\(\w+\);\n {4}\})$/m, "$1 };"],
    // All browsers that know what the program needs have these classes, too.
    [/let result;\s+try \{\s+(result = .* instanceof .*;)\s+\} catch \(_\) \{\s+result = false;\s+\}/g, "const $1"],
    [TEXT, "tellText(arg0, ret);"],
    [/isLikeNone\(ret\) \? 0 : addToExternrefTable0\(ret\)/g, "place(ret)"],
    [/const ret = (.*);\s+(tellText\(arg0, |return place\()ret\);/g, "$2$1);"],
  ];
  return replacedParts(js, parts) + HAND_OVER;
}

const HANDLE_ERROR = `function handleError(f) {
    return (...args) => { try {
        return f(...args);`;

/** How an entry hands a text over that it has found, which some may lack. */
const TEXT = new RegExp(
  [
    String.raw`(?:var|const) ptr1 = (?:isLikeNone\(ret\) \? 0 : )?`,
    String.raw`passStringToWasm0\(ret, wasm\.__wbindgen_malloc, wasm\.__wbindgen_realloc\);`,
    String.raw`\s+(?:var|const) len1 = WASM_VECTOR_LEN;`,
    String.raw`\s+getDataViewMemory0\(\)\.setInt32\(arg0 \+ 4 \* 1, len1, true\);`,
    String.raw`\s+getDataViewMemory0\(\)\.setInt32\(arg0 \+ 4 \* 0, ptr1, true\);`,
  ].join(""),
  "g",
);

const HAND_OVER = `
function tellText(at, text) {
  const begin = isLikeNone(text) ? 0 : passStringToWasm0(text, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
  getDataViewMemory0().setInt32(at + 4, WASM_VECTOR_LEN, true);
  getDataViewMemory0().setInt32(at, begin, true);
}
function place(thing) {
  return isLikeNone(thing) ? 0 : addToExternrefTable0(thing);
}
`;

/** Each part must be there, lest the page grows unseen. */
function replacedParts(text, parts) {
  for (const [part, other] of parts) {
    if (text.search(part) < 0) throw new Error(`wasm-bindgen writes in another way than before: ${part}`);
    text = text.replace(part, other);
  }
  return text;
}

/** How the page starts its program. */
const START = `async function __wbg_init({ module_or_path }) {
  const program = await unpacked(await fetch(module_or_path));
  const { instance, module } = await WebAssembly.instantiate(program, __wbg_get_imports());
  return __wbg_finalize_init(instance, module);
}
export { __wbg_init as default };
`;

/** The glue with what unpacks the program, and without ways of starting one that the page does not take. */
export function withUnpacking(js) {
  const parts = [
    [/^async function __wbg_init\([^]*?^\}\n/m, ""],
    [/^export \{ initSync, __wbg_init as default \};$/m, START],
    // All browsers that know what the program needs can do that.
    [/^if \(!\('encodeInto' in \w+\)\) \{[^]*?^\}\n/m, ""],
  ];
  js = replacedParts(js, parts);
  const unpacking = readFileSync(new URL("unpack.mjs", import.meta.url)).toString();
  return js + unpacking.replaceAll(/^export (?=async function|function|const)/gm, "").replace(/^export \{.*\};$/m, "");
}
