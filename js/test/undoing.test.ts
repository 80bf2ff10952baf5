import { expect, test } from "vitest";
import { order, shipped, standingBy, undoing, undone } from "../dev/rare";
import { foldRun } from "../src/model/fold";
import { emptyOutput, partOf, undoneOf } from "../src/model/undoing";
import type { Event } from "../src/protocol/generated";
import { created, RUN } from "./flows";

test("a card says what a node is for", () => {
  const flow = order();
  const said = Object.fromEntries(
    flow.nodes.map((node) => [node.name, partOf(flow, node)?.text ?? ""]),
  );
  expect(said).toEqual({
    connect: "setup",
    reserve: "",
    charge: "",
    ship: "",
    release: "undoes reserve",
    refund: "undoes charge",
    audit: "teardown",
  });
});

test("what was undone says so while the others are, and once the run is over", () => {
  const of = (events: Event[]) => {
    const run = foldRun(null, events);
    return ["reserve", "charge", "ship"].map((node) => undoneOf(run, node));
  };
  expect(of(standingBy())).toEqual([null, null, null]);
  expect(of(undoing())).toEqual([null, "undone", null]);
  expect(of(undone())).toEqual(["not undone", "undone", null]);
  expect(of(shipped())).toEqual([null, null, null]);
});

const skipped = (reason: string) =>
  ({ kind: "NODE_SKIPPED", run: RUN, seq: 1, at: 1, node: "ice", reason }) as Event;

test.each([
  [skipped("upstream_failed"), "Not run: a node before it failed."],
  [skipped("upstream_cancelled"), "Not run: a node before it was cancelled."],
  [skipped("not_asked"), "Not run: this run was asked for other nodes only."],
  [
    { kind: "NODE_CANCELLED", run: RUN, seq: 1, at: 1, node: "ice", cause: "season" } as Event,
    "No output: it was stopped, for what follows had enough without it.",
  ],
  [
    { kind: "NODE_SUSPENDED", run: RUN, seq: 1, at: 1, node: "ice", reason: "signal go" } as Event,
    "Nothing yet: it waits for something outside (signal go).",
  ],
])("where there is no output it says why: %#", (event, said) => {
  expect(emptyOutput(foldRun(null, [created(), event]), "ice", false)).toBe(said);
});

test("nothing came of a node that stands by, was not needed, or waits with its run", () => {
  expect(emptyOutput(foldRun(null, standingBy()), "refund", false)).toMatch(/^Standing by/);
  expect(emptyOutput(foldRun(null, shipped()), "refund", false)).toBe(
    "Not run: it was not needed.",
  );
  expect(emptyOutput(null, "refund", false)).toMatch(/^Not run yet/);
  expect(emptyOutput(null, "refund", true)).toBe("Nothing yet: the run is queued.");
});
