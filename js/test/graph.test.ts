import { expect, test } from "vitest";
import { beside, carryEdges, carryOver, type FlowNode, pictured } from "../src/canvas/graph";
import { geometryOf } from "../src/editor/geometry";
import { HEIGHT } from "../src/model/layout";
import type { FlowView } from "../src/protocol/generated";
import { flow } from "./flows";

const graphNodes = (one: FlowView): FlowNode[] => pictured(one, geometryOf(one, {})).nodes;
const graphEdges = (one: FlowView, folded = {}) => pictured(one, geometryOf(one, folded)).edges;

test("every input and every output is a port", () => {
  const [fetch, season] = graphNodes(flow);
  expect(fetch?.data.inputs.map((port) => port.feed)).toEqual(
    fetch?.data.node.inputs.map(() => "given"),
  );
  expect(season?.data.inputs.map((port) => port.name)).toEqual(["rows"]);
  expect(season?.data.outputs.map((port) => port.y)).toEqual([HEIGHT / 3, (2 * HEIGHT) / 3]);
});

test("an edge leaves the port it names", () => {
  expect(graphEdges(flow).map((edge) => [edge.sourceHandle, edge.targetHandle])).toEqual([
    ["rows", "rows"],
    ["cold", "cold"],
  ]);
});

test("a new definition keeps the selection and does not pull a node out of the user's hand", () => {
  const before = graphNodes(flow).map((node) => ({
    ...node,
    selected: node.id === "fetch",
    dragging: node.id === "ice",
    position: node.id === "ice" ? { x: 9, y: 9 } : node.position,
  }));
  const after = carryOver(before, graphNodes(flow));
  expect(after.map((node) => node.selected ?? false)).toEqual([true, false, false]);
  expect(after[2]?.position).toEqual({ x: 9, y: 9 });
});

test("what a new definition leaves as it was is the same object again, selected or not", () => {
  const before = graphNodes(flow).map((node) => ({ ...node, selected: node.id === "ice" }));
  expect(carryOver(before, graphNodes(structuredClone(flow)))).toBe(before);
  const [first, ...more] = structuredClone(flow).nodes;
  if (first === undefined) throw new Error("the flow has nodes");
  const edited = { ...flow, nodes: [{ ...first, options: { retries: "9" } }, ...more] };
  const after = carryOver(before, graphNodes(edited));
  expect(after.map((node, i) => node === before[i])).toEqual([false, true, true]);
  expect(after[0]?.data.inputs).toBe(before[0]?.data.inputs);
});

test("edges that did not change are the same objects again", () => {
  const before = graphEdges(flow);
  expect(carryEdges(before, graphEdges(structuredClone(flow)))).toBe(before);
  const fewer = { ...flow, edges: flow.edges.slice(1) };
  expect(carryEdges(before, graphEdges(fewer))[0]?.data?.edge).toBe(before[1]?.data?.edge);
});

test("the Tab key follows the data, whatever order the cells are in", () => {
  const shuffled = { ...flow, nodes: [...flow.nodes].reverse() };
  expect(graphNodes(shuffled).map((node) => node.id)).toEqual(["fetch", "season", "ice"]);
});

test("edges of the selected node are marked", () => {
  const edges = graphEdges(flow);
  expect(beside(edges, new Set(["ice"])).map((edge) => edge.className)).toEqual([
    undefined,
    "fb-beside",
  ]);
  expect(beside(edges, new Set()).map((edge) => edge.className)).toEqual([undefined, undefined]);
});

test("wired inputs are in the order in which their lines arrive", () => {
  const [fetch, season, ice] = flow.nodes;
  if (!fetch || !season || !ice) throw new Error("the flow has three nodes");
  const inputs = [
    { name: "rows", source: "fetch.rows", required: true, origin: "upstream", takes: "" },
    { name: "cold", source: "season.cold", required: true, origin: "upstream", takes: "" },
  ];
  const joined = {
    ...flow,
    nodes: [{ ...fetch, y: 300 }, season, { ...ice, inputs }],
    edges: [
      { source: "fetch", output: "rows", target: "ice", input: "rows" },
      { source: "season", output: "cold", target: "ice", input: "cold" },
    ],
  };
  const last = graphNodes(joined).find((node) => node.id === "ice");
  expect(last?.data.inputs.map((port) => port.name)).toEqual(["cold", "rows"]);
});
