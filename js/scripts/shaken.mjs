// What the canvas does not use of React Flow is left out: 7 kB of the file, gzipped. The library wraps
// its components in calls as its module loads, which a bundler has to keep in case they do something;
// here they are marked as the pure calls they are.
import { readFileSync } from "node:fs";

const WRAPPED = /^(var|const|let) (\S+) = (\w+)\(/gm;
const NAMED = /^[\w$]+\.displayName = .*;$/gm;

export const SHAKEN = {
  name: "shaken",
  setup(build) {
    build.onLoad({ filter: /@xyflow[\\/]react[\\/]dist[\\/]esm[\\/]index\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8")
        .replace(WRAPPED, "$1 $2 = /* @__PURE__ */ $3(")
        .replace(NAMED, ""),
      loader: "js",
    }));
  },
};
