/// <reference types="node" />
/** What travels to a page: built as for users, into a folder of its own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";

const MOST = 130_000;
const out = mkdtempSync(join(tmpdir(), "flowbook-bundle-"));
const read = (name: string) => readFileSync(join(out, name));

beforeAll(() => {
  const script = join(__dirname, "..", "scripts", "build-widget.mjs");
  execFileSync(process.execPath, [script, "--prod", `--out=${out}`]);
});
afterAll(() => rmSync(out, { recursive: true }));

test("the canvas is at most 130 kB, gzipped", () => {
  expect(gzipSync(read("widget.js")).byteLength).toBeLessThanOrEqual(MOST);
});

test.each(["more.js", "past.js"])("%s is loaded later and brings no Preact of its own", (name) => {
  const text = read(name).toString();
  expect(text).toContain("preact/compat");
  expect(read("widget.js").toString()).toContain("__k"); // where Preact keeps children
  expect(text).not.toContain("__k");
  expect(text.length).toBeLessThan(read("widget.js").byteLength / 3);
  expect(read("widget.css").toString()).toContain(".fb-grid");
});

test("Preact is inside, React is not, and what is inside has its licence there", () => {
  const packages = read("widget.LICENSES.txt")
    .toString()
    .matchAll(/^([@\w/-]+) \d+\.\d+\.\d+ \(.+\)$/gm);
  const names = [...packages].map(([, name]) => name);
  expect(names).toEqual(expect.arrayContaining(["@xyflow/react", "preact"]));
  expect(names.filter((name) => name === "react" || name === "react-dom")).toEqual([]);
});
