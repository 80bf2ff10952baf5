/// <reference types="node" />
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { flowOrder, type Link, layout } from "../src/model/layout";

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

test("nodes are visited in the order data flows, and those of a cycle as they come", () => {
  expect(
    flowOrder(
      ["c", "b", "a"],
      [
        ["a", "b"],
        ["b", "c"],
      ],
    ),
  ).toEqual(["a", "b", "c"]);
  expect(
    flowOrder(
      ["x", "y"],
      [
        ["x", "y"],
        ["y", "x"],
      ],
    ),
  ).toEqual(["x", "y"]);
});
