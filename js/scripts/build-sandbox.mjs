// The JavaScript engine that expressions run in: QuickJS as WebAssembly, with most of its doors shut.
// Of 450 exports the driver calls 20. The others are taken out, since each costs time when an
// isolate is made; so are custom sections. `sandbox/artefact.py` knows the result by its SHA-256.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const js = join(dirname(fileURLToPath(import.meta.url)), "..");
const from = join(js, "node_modules", "quickjs-wasi");
const out = join(js, "..", "src", "flowbook", "sandbox", "static");

const KEPT = new Set([
  "memory",
  "__stack_pointer",
  "_initialize",
  "qjs_init",
  "qjs_set_memory_limit",
  "qjs_set_max_stack_size",
  "qjs_set_runtime_and_context",
  "qjs_get_runtime_ptr",
  "qjs_get_context_ptr",
  "qjs_eval",
  "qjs_call",
  "qjs_new_string",
  "qjs_get_undefined",
  "qjs_is_exception",
  "qjs_get_exception",
  "qjs_get_string_len",
  "qjs_free_cstring",
  "qjs_free_value",
  "wasm_malloc",
  "wasm_free",
]);
const CUSTOM = 0;
const EXPORTS = 7;

// Numbers in WebAssembly are LEB128: seven bits a byte, the eighth says that more follow.
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

function encoded(value) {
  const bytes = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push((value % 128) | (rest ? 0x80 : 0));
    value = rest;
  } while (value);
  return Buffer.from(bytes);
}

function keptExports(section) {
  let [count, at] = number(section, 0);
  const kept = [];
  for (; count > 0; count--) {
    const start = at;
    const [length, text] = number(section, at);
    const name = section.toString("utf8", text, text + length);
    at = number(section, text + length + 1)[1];
    if (KEPT.has(name)) kept.push(section.subarray(start, at));
  }
  if (kept.length !== KEPT.size) throw new Error("quickjs.wasm lacks an export the driver needs");
  return Buffer.concat([encoded(kept.length), ...kept]);
}

function stripped(wasm) {
  const parts = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const [length, start] = number(wasm, at + 1);
    at = start + length;
    if (id === CUSTOM) continue;
    const body = wasm.subarray(start, at);
    const section = id === EXPORTS ? keptExports(body) : body;
    parts.push(Buffer.from([id]), encoded(section.length), section);
  }
  return Buffer.concat(parts);
}

function licences() {
  const { version } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  const text = readFileSync(join(from, "LICENSE"), "utf8").trim();
  const engine = [
    "quickjs.wasm holds QuickJS-NG, under the MIT licence in the words above:",
    "Copyright (c) 2017-2026 Fabrice Bellard",
    "Copyright (c) 2017-2024 Charlie Gordon",
    "Copyright (c) 2023-2026 Ben Noordhuis",
    "Copyright (c) 2023-2026 Saúl Ibarra Corretgé",
    "Its tables of characters are made from the Unicode Character Database,",
    "Copyright © 1991-2026 Unicode, Inc., under the Unicode License v3 (Unicode-3.0).",
  ].join("\n");
  return `quickjs-wasi ${version} (MIT)\n\n${text}\n\n${"-".repeat(72)}\n\n${engine}\n`;
}

const wasm = stripped(readFileSync(join(from, "quickjs.wasm")));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "quickjs.wasm"), wasm);
writeFileSync(join(out, "quickjs.LICENSES.txt"), licences());
console.log(`quickjs.wasm ${createHash("sha256").update(wasm).digest("hex")}`);
