// Which library is React here: Preact, by React's names. A third of the size; docs/adr/0013.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const thin = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "thin");

export const ALIAS = {
  "react/jsx-runtime": "preact/jsx-runtime",
  "react-dom/client": "preact/compat/client",
  "react-dom/server": "preact-render-to-string",
  "react-dom": "preact/compat",
  react: "preact/compat",
  // And of d3 only what moves a view.
  "d3-transition": join(thin, "transition.ts"),
  "d3-interpolate": join(thin, "interpolate.ts"),
};
