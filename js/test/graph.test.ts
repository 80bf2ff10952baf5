import { expect, test } from "vitest";
import { beside, carryOver, graphEdges, graphNodes, tidied } from "../src/canvas/graph";
import { HEIGHT } from "../src/model/layout";
import { flow } from "./flows";

test("only wired inputs are ports, and every output is one", () => {
  const [fetch, season] = graphNodes(flow);
  expect(fetch?.data.inputs).toEqual([]);
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

test("the Tab key follows the data, whatever order the cells are in", () => {
  const shuffled = { ...flow, nodes: [...flow.nodes].reverse() };
  expect(graphNodes(shuffled).map((node) => node.id)).toEqual(["fetch", "season", "ice"]);
});

test("tidying up puts nodes side by side again", () => {
  const moved = graphNodes(flow).map((node) => ({ ...node, position: { x: 5, y: 5 } }));
  expect(tidied(flow, moved).map((node) => node.position.x)).toEqual([0, 244, 488]);
});

test("edges of the selected node are marked", () => {
  const edges = graphEdges(flow);
  expect(beside(edges, "ice").map((edge) => edge.className)).toEqual([undefined, "fb-beside"]);
  expect(beside(edges, null).map((edge) => edge.className)).toEqual([undefined, undefined]);
});

test("wired inputs are in the order in which their lines arrive", () => {
  const [fetch, season, ice] = flow.nodes;
  if (!fetch || !season || !ice) throw new Error("the flow has three nodes");
  const inputs = [
    { name: "rows", source: "fetch.rows", required: true, origin: "upstream" },
    { name: "cold", source: "season.cold", required: true, origin: "upstream" },
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
