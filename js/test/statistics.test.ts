import { expect, test } from "vitest";
import { frequencyOf, heatOf } from "../src/model/statistics";
import type { NodeTiming, Statistics } from "../src/protocol/generated";

const timing = (node: string, some: Partial<NodeTiming>): NodeTiming => ({
  node,
  runs: 4,
  failed: 0,
  p50_ms: 1,
  p95_ms: 1,
  p99_ms: 1,
  path: 0,
  of: 0,
  ...some,
});

const found: Statistics = {
  type: "STATS",
  view: "v",
  rid: 1,
  runs: 1200,
  nodes: [
    timing("fetch", { p95_ms: 4000 }),
    timing("clean", { p95_ms: 1000, failed: 3 }),
    timing("never", { runs: 0, p95_ms: null }),
    timing("broken", { failed: 4, p95_ms: null }),
  ],
  edges: [
    { source: "fetch", output: "rows", target: "clean", input: "rows", taken: 7, runs: 1200 },
  ],
};

test("the slowest node is the warmest, and says its time and how often it failed", () => {
  expect(heatOf(found)).toEqual({
    kind: "heat",
    what: "Duration (p95) in 1,200 runs",
    nodes: {
      fetch: { share: 1, text: "p95 4.0 s" },
      clean: { share: 0.25, text: "p95 1.0 s, 3 failed" },
      broken: { share: 0, text: "4 failed" },
    },
  });
});

test("where nothing took any time nothing is warm", () => {
  const quick = heatOf({ ...found, runs: 1, nodes: [timing("a", { p95_ms: 0 })] });
  expect(quick).toMatchObject({ what: "Duration (p95) in 1 run", nodes: { a: { share: 0 } } });
});

test("each way says in how many runs it was taken", () => {
  expect(frequencyOf(found)).toEqual({
    kind: "frequency",
    runs: 1200,
    edges: { "fetch.rows>clean.rows": 7 },
  });
});
