/// <reference types="node" />
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HEIGHT, type Link, layout, routes } from "../src/model/layout";

interface Golden {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly edges: readonly Link[];
  readonly positions: Readonly<Record<string, readonly [number, number]>>;
}

const FILE = join(__dirname, "..", "..", "tests", "golden", "layout.json");
const goldens = JSON.parse(readFileSync(FILE, "utf8")) as Golden[];

test.each(goldens.map((one) => [one.name, one] as const))("%s", (_, golden) => {
  const found = [...layout(golden.nodes, golden.edges)].map(([name, { x, y }]) => [name, [x, y]]);
  expect(Object.fromEntries(found)).toEqual(golden.positions);
});

test.each(goldens.map((one) => [one.name, one] as const))(
  "no corridor of %s touches a node",
  (_, { nodes, edges }) => {
    const { places, via } = routes(nodes, edges);
    for (const [source, target] of edges)
      for (const point of via(source, target))
        for (const node of places.values())
          if (node.x === point.x)
            expect(Math.abs(node.y + HEIGHT / 2 - point.y)).toBeGreaterThan(HEIGHT / 2 + 20);
  },
);

test("an edge to the next column needs no corridor, a longer one a point in each it crosses", () => {
  const chain: Link[] = [
    ["a", "b"],
    ["b", "c"],
    ["c", "d"],
    ["a", "d"],
  ];
  const { via, places } = routes(["a", "b", "c", "d"], chain);
  expect(via("a", "b")).toEqual([]);
  expect(via("a", "d").map((point) => point.x)).toEqual([places.get("b")?.x, places.get("c")?.x]);
  expect(via("a", "nobody")).toEqual([]);
});

test("nodes are visited in the order data flows, and those of a cycle as they come", () => {
  const chain: Link[] = [
    ["a", "b"],
    ["b", "c"],
  ];
  expect(routes(["c", "b", "a"], chain).order).toEqual(["a", "b", "c"]);
  const cycle: Link[] = [
    ["x", "y"],
    ["y", "x"],
  ];
  expect(routes(["x", "y"], cycle).order).toEqual(["x", "y"]);
});
