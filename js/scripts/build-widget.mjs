// The anywidget module: `widget.js`, an ES module with its own Preact and React Flow, and its CSS.
//
// What a page needs at once is there; the rest is loaded when it is first wanted: `more.js`
// (`src/panels/more.ts`), and for pages of recorded runs `past.js`. Each is a function of what it has
// in common with `widget.js`, which hands over its own modules, so that there is one Preact in a page
// and one of every context.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";
import { ALIAS } from "./alias.mjs";
import { SHAKEN } from "./shaken.mjs";

const js = join(dirname(fileURLToPath(import.meta.url)), "..");
const prod = process.argv.includes("--prod");
const elsewhere = process.argv.find((one) => one.startsWith("--out="))?.slice("--out=".length);
const out = elsewhere ?? join(js, "..", "src", "flowbook", "widget", "static");

const common = {
  absWorkingDir: js,
  outdir: out,
  bundle: true,
  target: "es2022",
  jsx: "automatic",
  alias: ALIAS,
  plugins: [SHAKEN],
  minify: prod,
  legalComments: "none",
  define: { "process.env.NODE_ENV": prod ? '"production"' : '"development"' },
  metafile: true,
  logLevel: "warning",
};
const widget = { ...common, entryPoints: { widget: "src/widget.tsx" }, format: "esm" };
const late = ["src/panels/more.ts", "src/past/past.ts"].map((entry) => ({
  ...{ ...common, entryPoints: [entry], entryNames: "[name]", format: "cjs" },
}));
const WAY = join(js, "src", "panels", "whole.ts");
const WHOLE = /(panels|past)[\\/]whole\.ts$/;

/** In the place of `whole.ts`: how another part is loaded, and what it is handed. */
function loader(shared, path) {
  if (path !== WAY) return `export { load } from ${JSON.stringify(WAY)};`;
  const lines = shared.map(
    (file, i) => `import * as m${i} from ${JSON.stringify(resolve(js, file))};`,
  );
  const handed = shared.map((file, i) => `${JSON.stringify(file)}: m${i}`);
  return `${lines.join("\n")}
const shared = { ${handed.join(", ")} };
export async function load(text) {
  const url = URL.createObjectURL(new Blob([await text()], { type: "text/javascript" }));
  try { return (await import(url)).default(shared); } finally { URL.revokeObjectURL(url); }
}`;
}

function instead(filter, contents) {
  return {
    name: "instead",
    setup: ({ onLoad }) => onLoad({ filter }, ({ path }) => contents(path)),
  };
}

/** The modules that late parts import and `widget` has anyway. */
async function sharedModules() {
  const nothing = instead(WHOLE, () => ({ contents: "export const load = null;", loader: "js" }));
  const [first, ...rest] = await Promise.all([
    build({ ...widget, write: false, plugins: [SHAKEN, nothing] }),
    ...late.map((one) => build({ ...one, write: false })),
  ]);
  const has = new Set(Object.keys(first.metafile.inputs));
  const own = rest
    .flatMap(({ metafile }) => Object.entries(metafile.inputs))
    .filter(([file]) => !has.has(file));
  const wanted = own.flatMap(([, { imports }]) => imports.map(({ path }) => path));
  return [...new Set(wanted)].filter((file) => has.has(file) && !file.endsWith(".css")).sort();
}

/** Modules that are handed over are looked up, and not built in. */
function given(shared) {
  const handed = new Map(shared.map((file) => [resolve(js, file), file]));
  return {
    name: "given",
    setup(builder) {
      builder.onResolve({ filter: /./ }, async ({ path, pluginData, ...how }) => {
        if (pluginData === "asked" || how.kind === "entry-point") return undefined;
        const found = await builder.resolve(path, { ...how, pluginData: "asked" });
        const file = handed.get(found.path);
        // By its name a module is one of CommonJS, whatever it was.
        return file === undefined ? found : { path: `${file}.cjs`, namespace: "given" };
      });
      builder.onLoad({ filter: /./, namespace: "given" }, ({ path }) => ({
        contents: `module.exports = shared[${JSON.stringify(path.slice(0, -".cjs".length))}];`,
        loader: "js",
      }));
    },
  };
}

async function buildLate(part, shared) {
  const { outputFiles } = await build({
    ...part,
    write: false,
    plugins: [SHAKEN, given(shared)],
    banner: { js: "export default (shared) => { const module = { exports: {} };" },
    footer: { js: "return module.exports; };" },
  });
  for (const { path, text } of outputFiles)
    if (path.endsWith(".js")) writeFileSync(join(out, basename(path)), text);
  return outputFiles.find(({ path }) => path.endsWith(".css"))?.text ?? "";
}

// Licence texts of every package that went into the bundle, beside it.
function licences(metafile) {
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.add(match[1]);
  }
  const parts = [...packages].sort().map((name) => {
    const folder = join(js, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  writeFileSync(join(out, "widget.LICENSES.txt"), parts.join(`\n${"-".repeat(72)}\n\n`));
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const shared = await sharedModules();
const main = {
  ...widget,
  sourcemap: prod ? false : "inline",
  plugins: [
    SHAKEN,
    instead(WHOLE, (path) => ({ contents: loader(shared, path), loader: "js", resolveDir: js })),
  ],
};
const styles = (await Promise.all(late.map((part) => buildLate(part, shared)))).join("\n");
if (process.argv.includes("--watch")) {
  await (await context(main)).watch();
} else {
  licences((await build(main)).metafile);
  const sheet = join(out, "widget.css");
  writeFileSync(sheet, `${readFileSync(sheet, "utf8")}\n${styles}`);
}
