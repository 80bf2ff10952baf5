import { expect, test } from "vitest";
import { foldRun } from "../src/model/fold";
import {
  attemptLabel,
  duration,
  edgeLabel,
  edgeSays,
  edgeStanding,
  elapsed,
  finishing,
  spoken,
  staleReason,
  standing,
  standingOf,
  summary,
  volume,
} from "../src/model/selectors";
import { INITIAL } from "../src/model/state";
import type { Event } from "../src/protocol/generated";
import { completed, created, flow, RUN, started } from "./flows";

const [toSeason, toIce] = flow.edges;
if (toSeason === undefined || toIce === undefined) throw new Error("the flow has two edges");

function skipped(node: string, seq: number): Event {
  return { kind: "NODE_SKIPPED", run: RUN, seq, at: 1, node, reason: "branch_not_taken" };
}

test("a port that gave nothing makes its edge dead and its node not taken", () => {
  const run = foldRun(null, [
    created(),
    completed("fetch", 1, ["rows"]),
    completed("season", 2, ["hot"]),
    skipped("ice", 3),
  ]);
  expect(edgeStanding(toSeason, run)).toBe("live");
  expect(edgeStanding(toIce, run)).toBe("dead");
  expect(standing(run?.nodes.ice)).toBe("not-taken");
});

test("an edge flows while its target runs and says how many rows went along", () => {
  const run = foldRun(null, [created(), completed("fetch", 1, ["rows"]), started("season", 2)]);
  expect(edgeStanding(toSeason, run)).toBe("flowing");
  expect(edgeLabel(toSeason, run)).toBe("1,461 rows");
  expect(edgeLabel(toIce, run)).toBe("");
  expect(edgeSays(toSeason, run)).toBe("rows → season · 1,461 rows");
  expect(edgeSays(toIce, null)).toBe("cold → ice");
});

test("the summary counts what is done and what runs", () => {
  const run = foldRun(null, [created(), completed("fetch", 1, ["rows"]), started("season", 2)]);
  expect(summary({ ...INITIAL, flow, run })).toBe("1 of 3 done, 1 running");
  expect(summary({ ...INITIAL, flow })).toBe("Not run yet · 3 nodes");
  const over = foldRun(run, [
    completed("season", 3, ["hot"]),
    skipped("ice", 4),
    { kind: "RUN_COMPLETED", run: RUN, seq: 5, at: 2, status: "succeeded", ms: 900 },
  ]);
  expect(summary({ ...INITIAL, flow, run: over })).toBe("Succeeded · 2 of 3 ran · 1 skipped");
});

test("a run that has its time again says which attempt it is at", () => {
  const error = { type: "TimeoutError", message: "the run was not over after 60s" };
  const run = foldRun(null, [
    created(),
    started("fetch", 1),
    { kind: "RUN_RETRIED", run: RUN, seq: 2, at: 2, attempt: 2, deadline: 62, error },
    {
      kind: "NODE_RETRY_SCHEDULED",
      run: RUN,
      seq: 3,
      at: 2,
      node: "fetch",
      attempt: 1,
      ms: 9,
      delay: 0,
      error,
    },
    started("fetch", 4, 102, 2),
  ]);
  expect(summary({ ...INITIAL, flow, run })).toBe("Out of time, attempt 2, 0 of 3 done, 1 running");
  const over = foldRun(run, [
    completed("fetch", 5, ["rows"]),
    { kind: "RUN_COMPLETED", run: RUN, seq: 6, at: 3, status: "succeeded", ms: 900 },
  ]);
  expect(summary({ ...INITIAL, flow, run: over })).toContain("at attempt 2");
});

test("what a cancel stopped does not count as run", () => {
  const run = foldRun(null, [
    created(),
    completed("fetch", 1, ["rows"]),
    { kind: "NODE_CANCELLED", run: RUN, seq: 2, at: 2, node: "season" },
    { kind: "NODE_CANCELLED", run: RUN, seq: 3, at: 2, node: "ice" },
    { kind: "RUN_COMPLETED", run: RUN, seq: 4, at: 2, status: "cancelled", ms: 900 },
  ]);
  expect(summary({ ...INITIAL, flow, run })).toBe("Cancelled · 1 of 3 ran · 2 cancelled");
});

test("a run that undoes says so, may be given up, and says what was undone", () => {
  const cancelled: Event[] = [
    { ...created(), compensations: { fetch: "season" }, teardown: ["ice"] } as Event,
    completed("fetch", 1, ["rows"]),
    { kind: "CANCEL_REQUESTED", run: RUN, seq: 2, at: 2 },
    { kind: "RUN_ENDING", run: RUN, seq: 3, at: 2, status: "cancelled" },
    started("season", 4),
  ];
  const run = foldRun(null, cancelled);
  if (run === null) throw new Error("it was created");
  expect(standing(run.nodes.ice)).toBe("standby");
  expect(summary({ ...INITIAL, flow, run })).toBe("Cancelled, finishing, 1 of 3 done, 1 running");
  expect(finishing(run)).toBe(true);
  const over = foldRun(run, [
    { kind: "CANCEL_REQUESTED", run: RUN, seq: 5, at: 3, force: true },
    { kind: "NODE_CANCELLED", run: RUN, seq: 6, at: 3, node: "season" },
    {
      kind: "RUN_COMPLETED",
      run: RUN,
      seq: 7,
      at: 3,
      status: "cancelled",
      ms: 9,
      uncompensated: ["fetch"],
    },
  ]);
  if (over === null) throw new Error("it was created");
  expect(finishing(over)).toBe(false);
  expect(standing(over.nodes.ice)).toBe("not-needed");
  expect(summary({ ...INITIAL, flow, run: over })).toBe(
    "Cancelled · 1 of 3 ran · 1 skipped · 1 cancelled · 1 not undone",
  );
});

test("a queued run says what it waits for, and its nodes wait with it", () => {
  const queued = { run: RUN, waitsFor: "max_runs=1 of tour" };
  const state = { ...INITIAL, flow, queued };
  expect(summary(state)).toBe("Queued: waits for max_runs=1 of tour");
  expect(standingOf(state, "fetch")).toBe("waiting");
  expect(standingOf(INITIAL, "fetch")).toBe("idle");
});

test("nodes nobody asked for are not counted, and what was taken over did not run", () => {
  const run = foldRun(null, [
    created(),
    { ...skipped("ice", 1), reason: "not_asked" } as Event,
    { kind: "NODE_REUSED", run: RUN, seq: 2, at: 1, node: "fetch" },
    completed("season", 3, ["hot"]),
    { kind: "RUN_COMPLETED", run: RUN, seq: 4, at: 2, status: "succeeded", ms: 900 },
  ]);
  expect(standing(run?.nodes.ice)).toBe("not-asked");
  expect(summary({ ...INITIAL, flow, run })).toBe(
    "Succeeded · 1 of 2 ran · 1 reused · 1 not asked for",
  );
});

test("a node that was stopped because others had enough is not needed, not cancelled", () => {
  const stopped = { kind: "NODE_CANCELLED", run: RUN, seq: 1, at: 2, node: "ice" } as const;
  const run = foldRun(null, [created(), { ...stopped, cause: "season" }]);
  expect(standing(run?.nodes.ice)).toBe("not-needed");
  expect(standing(foldRun(null, [created(), stopped])?.nodes.ice)).toBe("cancelled");
});

test("nodes that undo others and need not are not counted", () => {
  const run = foldRun(null, [
    { ...created(), compensations: { fetch: "season" } } as Event,
    completed("fetch", 1, ["rows"]),
    completed("ice", 2, ["ice"]),
  ]);
  expect(summary({ ...INITIAL, flow, run })).toBe("2 of 2 done");
  const over = foldRun(run, [
    { kind: "RUN_COMPLETED", run: RUN, seq: 3, at: 2, status: "succeeded", ms: 900 },
  ]);
  expect(summary({ ...INITIAL, flow, run: over })).toBe("Succeeded · 2 of 2 ran");
});

test("a screen reader hears name, kind, status, time and tries", () => {
  const run = foldRun(null, [created(), completed("fetch", 1, ["rows"])]);
  const [fetch] = flow.nodes;
  if (fetch === undefined) throw new Error("the flow has nodes");
  expect(spoken(fetch, run?.nodes.fetch, 0, 0)).toBe("fetch, http, succeeded, 12 ms");
  const again = foldRun(run, [started("fetch", 2, 100, 2)]);
  expect(spoken(fetch, again?.nodes.fetch, 101.5, 1)).toBe(
    "fetch, http, running, 1.5 s, 2nd try, 1 problem",
  );
});

test("time runs while a node runs and stands when it is done", () => {
  const going = foldRun(null, [created(), started("fetch", 1, 100)])?.nodes.fetch;
  expect(elapsed(going, 102)).toBe(2000);
  expect(elapsed(undefined, 102)).toBeNull();
});

test.each([
  [0.2, "<1 ms"],
  [12.4, "12 ms"],
  [1400, "1.4 s"],
  [12_000, "12 s"],
  [59_700, "1 m 00 s"],
  [125_000, "2 m 05 s"],
  [3_720_000, "1 h 2 m"],
])("%d ms reads %s", (ms, text) => expect(duration(ms)).toBe(text));

test.each([
  [1, ""],
  [2, "2nd try"],
  [3, "3rd try"],
  [11, "11th try"],
  [22, "22nd try"],
])("attempt %d reads %s", (attempt, text) => expect(attemptLabel(attempt)).toBe(text));

test("a stale node says whether its own cell changed or something it reads", () => {
  const stale = { ...flow, stale: ["fetch", "season"] };
  expect(staleReason(stale, "fetch")).toContain("its cell or a parameter changed");
  expect(staleReason(stale, "season")).toContain("fetch, which it reads, changed");
  expect(staleReason(stale, "ice")).toBeNull();
});

test("a node with one output says how much it gave", () => {
  const run = foldRun(null, [
    created(),
    started("fetch", 1),
    completed("fetch", 2, ["rows"]),
    completed("season", 3, ["hot", "cold"]),
  ]);
  const [fetch, season] = flow.nodes;
  if (!fetch || !season) throw new Error("the flow has three nodes");
  expect(volume(fetch, run)).toBe("1,461 rows");
  expect(volume(season, run)).toBe("");
});
