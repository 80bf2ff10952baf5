import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { NodeView } from "../src/protocol/generated";
import { lookOf, noteOf } from "../src/view/kinds";
import { PLAIN } from "./flows";

const icons = readFileSync(new URL("../src/view/icons.tsx", import.meta.url), "utf8");
const project = readFileSync(new URL("../../pyproject.toml", import.meta.url), "utf8");
const kinds = [...project.matchAll(/^(\w+) = "flowbook\.nodes\./gm)].map((found) => found[1] ?? "");

function node(given: Partial<NodeView>): NodeView {
  const plain = { name: "a", kind: "python", x: 0, y: 0, inputs: [], outputs: [], options: {} };
  return { ...plain, cell: null, index: null, settings: [], ...PLAIN, ...given };
}

test.each(kinds)("the kind %s has an icon of its own", (kind) => {
  expect(icons).toMatch(new RegExp(`^  ${lookOf(kind).icon}: `, "m"));
});

test("a version of a kind looks like the kind", () => {
  expect(lookOf("http.v1")).toEqual(lookOf("http"));
});

test("a note says its text, and no other node does", () => {
  const settings = [{ name: "text", origin: "literal", text: "Sales" }];
  expect(noteOf(node({ kind: "note", settings }))).toBe("Sales");
  expect(noteOf(node({ kind: "python", settings }))).toBeNull();
});

test("a kind of a stranger has a plain look", () => {
  expect(lookOf("acme")).toEqual({ icon: "acme", tone: "flow" });
});
