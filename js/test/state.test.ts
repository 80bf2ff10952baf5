import { expect, test } from "vitest";
import { type CanvasState, INITIAL, reduce } from "../src/model/state";
import type { Event } from "../src/protocol/generated";
import { completed, created, RUN, snapshot, started } from "./flows";

const batch = (seq: number, events: readonly Event[]) =>
  ({ type: "BATCH", seq, events, progress: [], streams: [] }) as const;

function after(...messages: Parameters<typeof reduce>[1][]): CanvasState {
  return messages.reduce((state, message) => reduce(state, message, 200), INITIAL);
}

test("a snapshot shows the definition and the run so far", () => {
  const state = after(snapshot(7, [created(), started("fetch", 1)]));
  expect(state.connection).toBe("live");
  expect(state.seq).toBe(7);
  expect(state.run?.nodes.fetch?.phase).toBe("running");
});

test("a definition that did not change is the same object, or all of it that did not", () => {
  const first = after(snapshot(1, null));
  const copy = structuredClone(snapshot(2, null));
  const same = reduce(first, copy, 200);
  expect(same.flow).toBe(first.flow);
  const [head, ...tail] = copy.flow.nodes;
  if (head === undefined) throw new Error("the flow has nodes");
  const added = { ...head, name: "new" };
  const next = reduce(first, { ...copy, flow: { ...copy.flow, nodes: [added, head, ...tail] } }, 2);
  expect(next.flow?.nodes.map((node) => node.name)[0]).toBe("new");
  expect(next.flow?.nodes[1]).toBe(first.flow?.nodes[0]);
  expect(next.flow?.edges).toBe(first.flow?.edges);
});

test("batches follow on without a hole", () => {
  const state = after(
    snapshot(1, [created()]),
    batch(2, [started("fetch", 1)]),
    batch(3, [completed("fetch", 2, ["rows"])]),
  );
  expect(state.behind).toBe(false);
  expect(state.run?.nodes.fetch?.outcome).toBe("succeeded");
});

test("a hole in the numbers marks the view as behind until the next snapshot", () => {
  const gap = after(snapshot(1, [created()]), batch(3, [started("fetch", 1)]));
  expect(gap.behind).toBe(true);
  expect(gap.run?.nodes.fetch?.phase).toBe("waiting");
  expect(reduce(gap, snapshot(4, [created(), started("fetch", 1)]), 200).behind).toBe(false);
});

test("a batch from before the snapshot changes nothing", () => {
  const state = after(snapshot(5, [created()]));
  expect(reduce(state, batch(4, [started("fetch", 1)]), 200)).toBe(state);
});

test("events of another run are ignored until that run begins", () => {
  const other = { ...started("fetch", 1), run: "run-2" };
  const state = after(snapshot(1, [created()]), batch(2, [other]));
  expect(state.run?.nodes.fetch?.phase).toBe("waiting");
  const next = reduce(state, batch(3, [created("run-2")]), 200);
  expect(next.run?.run).toBe("run-2");
});

test("details of a run are forgotten when another run is shown", () => {
  const details = {
    type: "DETAILS",
    view: "v",
    node: "fetch",
    run: RUN,
    scope: "",
    inputs: [],
    outputs: [],
    source: "",
    language: "python",
    logs: [],
    logs_cut: false,
    lines: 0,
    error: null,
    stream: null,
    measured: null,
  } as const;
  const state = after(snapshot(1, [created()]), details);
  expect(state.details.fetch).toBe(details);
  expect(reduce(state, snapshot(2, [created()]), 200).details.fetch).toBe(details);
  expect(reduce(state, snapshot(2, [created("run-2")]), 200).details).toEqual({});
});

test("a run is queued until one of its own facts arrives", () => {
  const waits = { run: RUN, events: [], progress: [], waits_for: "max_runs=1 of tour" };
  const state = after({ ...snapshot(1, null), run: waits });
  expect(state.queued).toEqual({ run: RUN, waitsFor: "max_runs=1 of tour" });
  expect(reduce(state, batch(2, [created("run-0")]), 200).queued).toBe(state.queued);
  const begun = reduce(state, batch(2, [created()]), 200);
  expect([begun.queued, begun.run?.run]).toEqual([null, RUN]);
  expect(reduce(state, snapshot(2, [created()]), 200).queued).toBeNull();
});

test("the kernel's clock is learnt from what arrives fastest", () => {
  let state = reduce(after(snapshot(1, [created()])), batch(2, [started("fetch", 1, 100)]), 105);
  state = reduce(state, batch(3, [started("season", 2, 101)]), 103);
  expect(state.skew).toBe(2);
});
