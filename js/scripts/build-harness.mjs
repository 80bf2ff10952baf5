// The page developers look at: dev/harness.html over dev/out. Serve it: npm run dev.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";
import { ALIAS } from "./alias.mjs";
import { SHAKEN } from "./shaken.mjs";

const js = join(dirname(fileURLToPath(import.meta.url)), "..");
const options = {
  absWorkingDir: js,
  entryPoints: { harness: "dev/harness.tsx" },
  outdir: join(js, "dev", "out"),
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  alias: ALIAS,
  plugins: [SHAKEN],
  define: { "process.env.NODE_ENV": '"development"' },
  logLevel: "warning",
};
if (process.argv.includes("--serve")) {
  const served = await (await context(options)).serve({
    servedir: join(js, "dev"),
    host: "127.0.0.1",
  });
  console.log(`http://127.0.0.1:${served.port}/harness.html?scene=running`);
} else {
  await build(options);
}
