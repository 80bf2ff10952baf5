import { expect, test } from "vitest";
import { above, jumpTo, outlineRows } from "../src/model/outline";
import { FEW, scrollTo, sliceOf } from "../src/model/windowing";
import type { FlowView, NodeView } from "../src/protocol/generated";
import { flow } from "./flows";

const shown = (of: FlowView, turned: readonly string[] = []) =>
  outlineRows(of, new Set(turned)).map((row) => [
    row.level,
    row.wire === null ? row.node.name : row.text,
  ]);

/** season is a container, and ice is in its block `catch`. */
const nested: FlowView = {
  ...flow,
  nodes: flow.nodes.map((one): NodeView => {
    if (one.name === "season") return { ...one, contains: true };
    return one.name === "ice" ? { ...one, options: { in: "season.catch" } } : one;
  }),
};

test("nodes are in the order of the data, whatever order they were written in", () => {
  const written = { ...flow, nodes: [...flow.nodes].reverse() };
  expect(shown(written)).toEqual([
    [1, "fetch"],
    [1, "season"],
    [1, "ice"],
  ]);
});

test("an opened node shows what it reads and what it feeds", () => {
  expect(shown(flow, ["season"])).toEqual([
    [1, "fetch"],
    [1, "season"],
    [2, "rows reads fetch.rows"],
    [2, "cold feeds ice.cold"],
    [1, "ice"],
  ]);
});

test("an input that nothing feeds says so, one of a parameter says which", () => {
  const [first, ...rest] = flow.nodes;
  const inputs = [
    { name: "city", source: "parameter city", required: true, origin: "parameter", takes: "" },
    { name: "when", source: "nothing", required: true, origin: "nothing", takes: "" },
  ];
  const asked = { ...flow, nodes: [{ ...(first as NodeView), inputs }, ...rest] };
  expect(shown(asked, ["fetch"]).slice(1, 3)).toEqual([
    [2, "city reads parameter city"],
    [2, "when is fed by nothing"],
  ]);
});

test("what is in a container is below it, which is open until it is shut", () => {
  expect(shown(nested)).toEqual([
    [1, "fetch"],
    [1, "season"],
    [2, "2 wires"],
    [2, "ice"],
  ]);
  expect(shown(nested, ["season"])).toEqual([
    [1, "fetch"],
    [1, "season"],
  ]);
  expect(shown(nested, ["season~"])).toContainEqual([3, "rows reads fetch.rows"]);
});

test("rows say which block they are in, and which of how many they are", () => {
  const ice = outlineRows(nested, new Set()).find((row) => row.key === "ice");
  expect(ice).toMatchObject({ text: "catch", place: 2, of: 2, level: 2, open: false });
});

test("a node whose container is gone is not lost", () => {
  const orphan = { ...nested, nodes: nested.nodes.filter((one) => one.name !== "season") };
  expect(shown(orphan).map(([, name]) => name)).toContain("ice");
});

test("typing jumps to the next node of that name and around", () => {
  const rows = outlineRows(flow, new Set());
  expect(jumpTo(rows, 0, "i")).toBe(2);
  expect(jumpTo(rows, 2, "f")).toBe(0);
  expect(jumpTo(rows, 1, "se")).toBe(1);
  expect(jumpTo(rows, 0, "x")).toBe(-1);
});

test("left goes to the row above", () => {
  const rows = outlineRows(nested, new Set());
  expect(above(rows, 3)).toBe(1);
  expect(above(rows, 0)).toBe(-1);
});

test("a short list is drawn whole, of a long one only what is seen", () => {
  expect(sliceOf(FEW, 30, 5000, 300)).toEqual({ from: 0, to: FEW, before: 0, behind: 0 });
  const slice = sliceOf(5000, 30, 30_000, 300);
  expect(slice.to - slice.from).toBeLessThan(40);
  expect(slice.before + (slice.to - slice.from) * 30 + slice.behind).toBe(5000 * 30);
  expect(slice.from).toBeLessThanOrEqual(1000);
  expect(slice.to).toBeGreaterThanOrEqual(1010);
});

test("a row is scrolled to as little as possible", () => {
  expect(scrollTo(2, 30, 0, 300)).toBe(0);
  expect(scrollTo(10, 30, 0, 300)).toBe(30);
  expect(scrollTo(1, 30, 300, 300)).toBe(30);
});
