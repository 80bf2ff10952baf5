import { expect, test } from "vitest";
import { foldRun } from "../src/model/fold";
import { asideOfEdge, asidesOf, overlaySays } from "../src/model/overlay";
import { routeLabel, routeOf, tookLabel } from "../src/model/route";
import type { FlowView, NodeView } from "../src/protocol/generated";
import type { Overlay } from "../src/protocol/overlay";
import { completed, created, flow } from "./flows";

const [, season] = flow.nodes as [NodeView, NodeView];
const [toSeason, toIce] = flow.edges as unknown as [FlowView["edges"][0], FlowView["edges"][0]];
const some = foldRun(null, [created(), completed("season", 2, ["hot"])]);
const both = foldRun(null, [created(), completed("season", 2, ["hot", "cold"])]);

test("a node that chose names the branches it took, by their labels", () => {
  expect(tookLabel(season, some)).toBe("Took hot");
  expect(tookLabel(season, both)).toBe("Took hot, cold");
  const called = { ...season, ports: { hot: { label: "big orders", color: "", gives: "" } } };
  expect(tookLabel(called, some)).toBe("Took big orders");
  expect(tookLabel(season, foldRun(null, [created(), completed("season", 2, [])]))).toBe(
    "Took none",
  );
});

test("one that has not chosen yet, or gives all it has and is no router, names none", () => {
  expect(tookLabel(season, foldRun(null, [created()]))).toBe("");
  expect(tookLabel(season, null)).toBe("");
  expect(routeOf({ ...season, kind: "python" }, both)).toBeNull();
  expect(routeOf({ ...season, kind: "python" }, some)).toEqual({ taken: ["hot"], left: ["cold"] });
  expect(tookLabel({ ...season, outputs: ["hot"] }, some)).toBe("");
});

test("its ways out say whether they were taken; other wires say nothing", () => {
  expect(routeLabel(toIce, flow, some)).toBe("not taken");
  expect(routeLabel(toIce, flow, both)).toBe("taken");
  expect(routeLabel(toSeason, flow, some)).toBe("");
  expect(routeLabel(toIce, flow, null)).toBe("");
});

test("how often a wire was taken is its width and its label, and what nothing reaches stands back", () => {
  const overlay: Overlay = {
    kind: "frequency",
    runs: 120,
    edges: { "fetch.rows>season.rows": 120, "season.cold>ice.cold": 30 },
  };
  const asides = asidesOf(overlay, flow);
  expect(asideOfEdge(asides, toSeason)).toMatchObject({ text: "120", share: 1, tone: "taken" });
  expect(asideOfEdge(asides, toIce)).toEqual({
    text: "30",
    spoken: "taken 30 of 120 times",
    share: 0.25,
    tone: "taken",
  });
  expect(asides.nodes.size).toBe(0);
  const never = asidesOf({ ...overlay, edges: { "fetch.rows>season.rows": 2 } }, flow);
  expect(asideOfEdge(never, toIce)).toMatchObject({ text: "never", tone: "never" });
  expect([...never.nodes.keys()]).toEqual(["ice"]);
  expect(overlaySays(overlay)).toBe("How often each way was taken in 120 runs");
});

test("counts beyond the number of runs, as those of loops are, make no wire wider than the widest", () => {
  const edges = { "fetch.rows>season.rows": 2, "season.cold>ice.cold": 40 };
  const asides = asidesOf({ kind: "frequency", runs: 2, edges }, flow);
  expect(asideOfEdge(asides, toIce)?.share).toBe(1);
  expect(asideOfEdge(asides, toSeason)?.share).toBe(0.05);
});

test("where runs differ is said by sign and word, and counted by rows on wires", () => {
  const overlay: Overlay = {
    kind: "divergence",
    nodes: { fetch: "same", season: "diverged", ice: "changed" },
    edges: {
      "fetch.rows>season.rows": { added: 0, removed: 0, changed: 0 },
      "season.cold>ice.cold": { added: 1200, removed: 3, changed: 0 },
    },
  };
  const asides = asidesOf(overlay, flow);
  expect(asides.nodes.get("season")).toMatchObject({ text: "≠ diverges here", tone: "diverged" });
  expect(asides.nodes.get("fetch")).toMatchObject({ text: "", spoken: "the same" });
  expect(asideOfEdge(asides, toIce)).toMatchObject({
    text: "+1,200 −3",
    tone: "added",
    spoken: "rows: 1,200 added, 3 removed",
  });
  expect(asideOfEdge(asides, toSeason)).toMatchObject({ text: "", tone: "same" });
  expect(overlaySays(overlay)).toBe("Differences: ≠ 1 diverges here, Δ 1 changed");
  expect(overlaySays({ ...overlay, nodes: { fetch: "same" } })).toBe("No difference");
});

test("how warm a node is stays between 0 and 1, whatever it is given", () => {
  const nodes = { ice: { share: 7, text: "p95 2 s" }, fetch: { share: -1, text: "p95 1 ms" } };
  const asides = asidesOf({ kind: "heat", what: "Duration", nodes }, flow);
  expect(asides.nodes.get("ice")).toMatchObject({ share: 1, text: "p95 2 s" });
  expect(asides.nodes.get("fetch")?.share).toBe(0);
});

test("without an overlay, and for the way of the run itself, there is nothing to add", () => {
  expect(asidesOf(null, flow).nodes.size).toBe(0);
  expect(asidesOf({ kind: "path" }, flow).edges.size).toBe(0);
});
