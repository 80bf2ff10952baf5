// A second home of the canvas, beside the labextension. Runs after its builder, which empties it.
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const src = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "src", "flowbook");
const target = join(src, "labextension", "static");
mkdirSync(target, { recursive: true });
for (const name of ["widget.js", "widget.css", "widget.LICENSES.txt"]) {
  copyFileSync(join(src, "widget", "static", name), join(target, name));
}
