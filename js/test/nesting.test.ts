/// <reference types="node" />
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  absolute,
  drawnBoxes,
  isFolded,
  LANE,
  MANY,
  Nest,
  nested,
  PAD,
  settled,
  TITLE,
} from "../src/model/nesting";
import type { NodeView } from "../src/protocol/generated";
import { flow } from "./flows";

interface Golden {
  readonly name: string;
  readonly nodes: readonly (readonly [string, string, string])[];
  readonly edges: readonly (readonly [string, string])[];
  readonly places: Readonly<Record<string, readonly [number, number]>>;
}

const FILE = join(__dirname, "..", "..", "tests", "golden", "nested.json");
const goldens = JSON.parse(readFileSync(FILE, "utf8")) as Golden[];

test.each(goldens.map((one) => [one.name, one] as const))("%s", (_, golden) => {
  const nodes = golden.nodes.map(([name, kind, home]) => ({
    name,
    kind,
    inside: home.split(".")[0] || null,
    contains: ["group", "map", "try"].includes(kind),
    options: home ? { in: home } : {},
  }));
  const found = [...nested(nodes, golden.edges)].map(([name, { x, y }]) => [name, [x, y]]);
  expect(Object.fromEntries(found)).toEqual(golden.places);
});

const PLAIN = flow.nodes[0] as NodeView;
function node(name: string, inside: string | null, x: number, y: number, home = inside): NodeView {
  const options = home === null ? {} : { in: home };
  return { ...PLAIN, name, kind: "python", inside, x, y, options, contains: name === "box" };
}

const nest = new Nest([
  node("box", null, 100, 50),
  node("a", "box", 1000, 1000),
  node("b", "box", 1300, 1040),
  node("late", "box", 1000, 1300, "box.catch"),
  node("z", null, 900, 50),
]);

test("a box is drawn where its container stands, around its members wherever those are", () => {
  const boxes = drawnBoxes(nest, () => false);
  expect(boxes.get("box")).toMatchObject({ x: 100, y: 50, width: 300 + 184 + 2 * PAD });
  expect(boxes.get("a")).toMatchObject({ x: PAD, y: TITLE + PAD, home: "box" });
  expect(absolute(boxes).get("b")).toMatchObject({ x: 100 + PAD + 300, y: 50 + TITLE + PAD + 40 });
  expect(boxes.get("box")?.lanes).toEqual([{ name: "catch", y: TITLE + PAD + 300 - LANE }]);
});

test("what is in a closed container is not drawn, and the container is as large as a node", () => {
  const boxes = drawnBoxes(nest, (name) => name === "box");
  expect([...boxes.keys()]).toEqual(["box", "z"]);
  expect(boxes.get("box")).toMatchObject({ width: 184, height: 84, folded: true });
});

test("containers of many are closed until somebody opens them", () => {
  const many = Array.from({ length: MANY + 1 }, (_, i) => node(`n${i}`, "box", i, 0));
  const large = new Nest([node("box", null, 0, 0), ...many]);
  expect(isFolded(large, {}, "box")).toBe(true);
  expect(isFolded(large, { box: false }, "box")).toBe(false);
  expect(isFolded(nest, {}, "box")).toBe(false);
});

test("moving the first member moves the box, so that nothing else moves on the canvas", () => {
  const moves = settled(nest, { a: { x: 940, y: 1010 } });
  expect(moves).toEqual({ a: { x: 940, y: 1010 }, box: { x: 40, y: 60 } });
  expect(settled(nest, { b: { x: 1400, y: 1100 } })).toEqual({ b: { x: 1400, y: 1100 } });
});

test("nodes that are inside of each other are inside of nothing", () => {
  const circle = new Nest([node("one", "two", 0, 0), node("two", "one", 0, 0)]);
  expect(circle.members(null).map((one) => one.name)).toEqual(["one", "two"]);
});
