// The anywidget module: one ESM file with its own React and React Flow, and one CSS file.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const js = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(js, "..", "src", "flowbook", "widget", "static");
const prod = process.argv.includes("--prod");

const options = {
  absWorkingDir: js,
  entryPoints: { widget: "src/widget.tsx" },
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  minify: prod,
  sourcemap: prod ? false : "inline",
  legalComments: "none",
  define: { "process.env.NODE_ENV": prod ? '"production"' : '"development"' },
  metafile: true,
  logLevel: "warning",
};

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
if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  licences((await build(options)).metafile);
}
