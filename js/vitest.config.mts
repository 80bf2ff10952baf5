import { defineConfig } from "vitest/config";
import { ALIAS } from "./scripts/alias.mjs";

export default defineConfig({
  resolve: { alias: ALIAS },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "node" },
});
