import { expect, test } from "vitest";
import { droppedOn, homeAt } from "../src/canvas/dropping";
import { pictured } from "../src/canvas/graph";
import { colorOf, inputPorts, outputPorts } from "../src/canvas/port";
import { snapped } from "../src/canvas/snapping";
import { between, touched } from "../src/canvas/useMarquee";
import { geometryOf } from "../src/editor/geometry";
import { fitting, landing, wired } from "../src/editor/wiring";
import { aligned, distributed } from "../src/model/aligning";
import { downstream, upstream } from "../src/model/reach";
import type { FlowView, NodeView, Target } from "../src/protocol/generated";
import { flow } from "./flows";

const rect = (x: number, y: number) => ({ x, y, width: 184, height: 84 });

test("a dragged node snaps to what it is nearly in line with, else to the grid", () => {
  const near = snapped(rect(244, 103), [rect(0, 100)], 1);
  expect([near.dx, near.dy]).toEqual([-4, -3]);
  expect(near.guides).toEqual([{ axis: "y", at: 100, from: 0, to: 424 }]);
  expect(snapped(rect(503, 333), [rect(0, 100)], 1)).toMatchObject({ dx: -3, dy: -3, guides: [] });
  expect(snapped(rect(0, 117), [rect(400, 100)], 0.25).dy).toBe(-17);
});

test("nodes are put in line by their edges or their middles", () => {
  const rects = new Map([
    ["a", rect(0, 0)],
    ["b", { x: 100, y: 50, width: 400, height: 200 }],
  ]);
  expect(aligned(rects, "left").get("b")).toEqual({ x: -100, y: 0 });
  expect(aligned(rects, "right").get("a")).toEqual({ x: 316, y: 0 });
  expect(aligned(rects, "bottom").get("a")).toEqual({ x: 0, y: 166 });
  expect(aligned(rects, "middle").get("a")).toEqual({ x: 0, y: 83 });
});

test("distributing leaves the outer ones where they are, and the same gap between all", () => {
  const rects = new Map([
    ["a", rect(0, 0)],
    ["c", rect(1000, 0)],
    ["b", rect(200, 0)],
  ]);
  const found = distributed(rects, "x");
  expect([found.get("a")?.x, found.get("b")?.x, found.get("c")?.x]).toEqual([0, 300, 0]);
  expect(distributed(new Map([["a", rect(0, 0)]]), "y").size).toBe(0);
});

const target = (node: string, input: string, refused = "", replaces = ""): Target => ({
  ...{ node, input, refused, replaces },
});
const FROM = { node: "fetch", port: "rows" };

test("a wire that ends on a node takes its first free input, else a new one, else any", () => {
  const fed = target("ice", "cold", "", "season.cold");
  const free = target("ice", "more");
  const fresh = target("ice", "");
  const no = target("ice", "text", "a table is no text");
  expect(fitting([no, fed, fresh, free])).toBe(free);
  expect(fitting([no, fed, fresh])).toBe(fresh);
  expect(fitting([no, fed])).toBe(fed);
  expect(fitting([no])).toBe(no);
});

test("what would come of letting go is said, or why it cannot be", () => {
  const targets = [target("ice", "cold", "", "season.cold"), target("season", "rows", "a circle")];
  expect(landing(targets, { node: "ice", input: "cold" }, FROM)).toMatchObject({
    ok: true,
    hint: "fetch.rows to ice.cold, instead of season.cold",
  });
  expect(landing(targets, { node: "season", input: null }, FROM)).toMatchObject({
    ok: false,
    hint: "a circle",
  });
  expect(landing(targets, { node: "fetch", input: null }, FROM).ok).toBe(false);
  expect(landing(null, { node: "ice", input: null }, FROM).ok).toBeNull();
  expect(landing(targets, null, FROM).hint).toBe("");
});

test("a new input is called like what feeds it, and a moved wire lets go of its old end", () => {
  const ice = { ...(flow.nodes[2] as NodeView), outputs: [] };
  const rows = { ...ice, inputs: [{ ...ice.inputs[0], name: "rows" }] } as NodeView;
  expect(wired(FROM, { node: "ice", input: "" }, rows, null)).toMatchObject({ input: "rows_2" });
  const [first = null] = flow.edges;
  expect(wired(FROM, { node: "ice", input: "cold" }, ice, first)).toMatchObject({
    type: "SEVERAL",
    edits: [
      { type: "DISCONNECT", target: "season", input: "rows" },
      { type: "CONNECT", source: "fetch", output: "rows", target: "ice", input: "cold" },
    ],
  });
});

const boxed: FlowView = {
  ...flow,
  nodes: flow.nodes.map((node) =>
    node.name === "ice"
      ? { ...node, inside: "season", options: { in: "season" } }
      : { ...node, contains: node.name === "season" },
  ),
};

test("nodes go into the innermost container below the pointer, but not into themselves", () => {
  const picture = pictured(boxed, geometryOf(boxed, {}));
  const inside = { x: 300, y: 60 };
  expect(homeAt(picture, new Set(["fetch"]), inside)).toBe("season");
  expect(homeAt(picture, new Set(["season"]), inside)).toBeNull();
  const held = { primary: "fetch", names: new Set(["fetch"]) };
  expect(droppedOn(picture, held, inside, [])).toMatchObject({
    home: "season",
    text: "Put fetch into season",
  });
  const ice = { primary: "ice", names: new Set(["ice"]) };
  expect(droppedOn(picture, ice, inside, [])).toBeNull();
  expect(droppedOn(picture, ice, { x: -50, y: 0 }, [])).toMatchObject({ home: null });
});

test("edges to what is in a closed container end at its box, and those within it are gone", () => {
  const more = {
    ...boxed,
    edges: [...boxed.edges, { source: "fetch", output: "rows", target: "ice", input: "more" }],
  };
  const edges = pictured(more, geometryOf(more, { season: true })).edges;
  expect(edges.map(({ source, target, targetHandle }) => [source, target, targetHandle])).toEqual([
    ["fetch", "season", "rows"],
    ["fetch", "season", "+in"],
  ]);
  expect(edges[1]?.ariaLabel).toBe("fetch.rows to ice.more");
});

test("a marquee takes what it touches, and an open container only as a whole", () => {
  const geometry = geometryOf(boxed, {});
  const part = between({ x: -10, y: -10 }, { x: 400, y: 90 });
  expect(touched(geometry, part)).toEqual(["fetch", "ice"]);
  expect(touched(geometry, between({ x: 2000, y: 900 }, { x: -10, y: -10 }))).toContain("season");
});

test("everything a node needs, and everything that needs it", () => {
  expect([...upstream(flow.edges, ["ice"])]).toEqual(["ice", "season", "fetch"]);
  expect([...downstream(flow.edges, ["season"])]).toEqual(["season", "ice"]);
});

test("ports say what feeds them, and outputs have the label and the colour they were given", () => {
  const input = { source: "nothing", origin: "nothing", takes: "int" };
  const node = {
    ...(flow.nodes[1] as NodeView),
    inputs: [
      { name: "limit", required: false, ...input },
      { name: "rows", required: true, ...input },
      { name: "city", required: true, ...input, origin: "parameter" },
      { name: "item", required: true, ...input, source: "each.item", origin: "upstream" },
    ],
    ports: { hot: { label: "over 25°", color: "red", gives: "" } },
  };
  const feeds = inputPorts(node, new Map([["rows", 5]]), 84).map((one) => [one.name, one.feed]);
  expect(feeds).toEqual([
    ["rows", "fed"],
    ["limit", "open"],
    ["city", "given"],
    ["item", "given"],
  ]);
  expect(inputPorts(node, new Map(), 84)[1]?.feed).toBe("missing");
  expect(outputPorts(node, 84).map((one) => [one.label, one.color])).toEqual([
    ["over 25°", "var(--fb-bad)"],
    ["cold", ""],
  ]);
  expect([colorOf("#a0f"), colorOf("red; background: url(x)"), colorOf("gray")]).toEqual([
    "#a0f",
    "",
    "",
  ]);
});
