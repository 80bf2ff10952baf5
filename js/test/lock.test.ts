/// <reference types="node" />
/** The lock must install on every platform, from whichever registry is configured. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const lock = readFileSync(join(__dirname, "..", "package-lock.json"), "utf8");

test("no registry address is written down", () => {
  expect(lock).not.toContain('"resolved"');
});

test.each([
  "@rspack/binding-darwin-arm64",
  "@rspack/binding-win32-x64-msvc",
  "@rspack/binding-linux-x64-gnu",
  "@esbuild/darwin-arm64",
  "@esbuild/win32-x64",
  "@biomejs/cli-darwin-arm64",
  "@biomejs/cli-win32-x64",
])("%s is locked", (name) => {
  expect(lock).toContain(`"node_modules/${name}"`);
});
