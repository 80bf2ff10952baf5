// Writes src/protocol/generated.ts from the Python definition of the wire; --check only compares.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const js = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(js, "src", "protocol", "generated.ts");
const path = [join(js, "..", "src"), process.env.PYTHONPATH].filter(Boolean).join(delimiter);
const python = process.env.PYTHON ?? "python3";
const made = spawnSync(python, ["-m", "flowbook.widget.generate"], {
  encoding: "utf8",
  env: { ...process.env, PYTHONPATH: path },
});
if (made.status !== 0) {
  console.error(made.stderr || made.error?.message);
  console.error(`could not run ${python}: set PYTHON to a Python with flowbook's dependencies`);
  process.exit(1);
}
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== made.stdout) {
    console.error("src/protocol/generated.ts is stale: run `npm run generate`");
    process.exit(1);
  }
} else {
  writeFileSync(target, made.stdout);
}
