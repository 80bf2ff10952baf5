// The pages that are timed, into the folder named: the canvas and a recorded run as users get them,
// and plain React Flow with React, as its users have it.
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const js = join(dirname(fileURLToPath(import.meta.url)), "..");
const [out] = process.argv.slice(2);
if (out === undefined) throw new Error("name a folder to build into");

const widget = join(js, "scripts", "build-widget.mjs");
execFileSync(process.execPath, [widget, "--prod", `--out=${out}`], { stdio: "inherit" });
await build({
  absWorkingDir: js,
  entryPoints: {
    canvas: "dev/bench/canvas.ts",
    plain: "dev/bench/plain.tsx",
    recorded: "dev/bench/recorded.ts",
  },
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  minify: true,
  define: { "process.env.NODE_ENV": '"production"' },
  external: ["./widget.js"],
  logLevel: "warning",
});
copyFileSync(join(js, "dev", "bench", "page.html"), join(out, "page.html"));
