// Who may import whom: protocol <- model <- host <- editor <- view <- canvas | panels <- past <- app
// and widget; lab beside. A file knows its own room and the rooms below it, nothing else.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const MAY = {
  protocol: [],
  thin: [],
  model: ["protocol"],
  host: ["protocol", "model"],
  editor: ["protocol", "model", "host"],
  view: ["protocol", "model", "editor"],
  canvas: ["protocol", "model", "editor", "view"],
  panels: ["protocol", "model", "host", "editor", "view"],
  past: ["protocol", "model", "host", "editor", "view", "panels"],
  app: ["protocol", "model", "host", "editor", "view", "canvas", "panels", "past"],
  widget: ["protocol", "model", "host", "editor", "view", "app"],
  lab: ["protocol"],
};
const OUTSIDE = { protocol: [], model: [] }; // these two know no library at all

const src = join(dirname(fileURLToPath(import.meta.url)), "..", "src");
const room = (file) => relative(src, file).split(/[\\/]/)[0].replace(/\..*$/, "");
const sins = [];

for (const entry of readdirSync(src, { recursive: true })) {
  const file = join(src, String(entry));
  if (!/\.tsx?$/.test(file) || file.endsWith(".d.ts")) continue;
  const own = room(file);
  if (!(own in MAY)) {
    sins.push(`${entry}: room "${own}" has no place in scripts/check-layers.mjs`);
    continue;
  }
  for (const [, target] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s+"([^"]+)"/g)) {
    if (!target.startsWith(".")) {
      if (own in OUTSIDE) sins.push(`${entry}: ${own} may not import "${target}"`);
      continue;
    }
    if (relative(src, resolve(dirname(file), target)).startsWith("..")) continue; // no code
    const other = room(resolve(dirname(file), target));
    if (other !== own && !MAY[own].includes(other))
      sins.push(`${entry}: ${own} may not import ${other} ("${target}")`);
  }
}
if (sins.length > 0) {
  console.error(sins.join("\n"));
  process.exit(1);
}
