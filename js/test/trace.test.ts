/** What ran when, and what decided how long it took. */
import { expect, test } from "vitest";
import { criticalOf, criticalSteps } from "../src/past/model/critical";
import { containerOf, linesOf, shares } from "../src/past/model/trace";
import type { Event } from "../src/protocol/generated";
import { RUN } from "./flows";

function run(
  ...steps: ReadonlyArray<readonly [at: number, kind: string, node: string, more?: object]>
) {
  return steps.map(
    ([at, kind, node, more], seq) =>
      ({ run: RUN, seq, at, kind, node, attempt: 1, ms: 0, ...more }) as unknown as Event,
  );
}

test("a line has the waits and the attempts of a node", () => {
  const error = { type: "E", message: "no" };
  const [line] = linesOf(
    run(
      [0, "NODE_SCHEDULED", "a"],
      [1, "NODE_STARTED", "a"],
      [3, "NODE_RETRY_SCHEDULED", "a", { error, delay: 2 }],
      [5, "NODE_STARTED", "a", { attempt: 2 }],
      [6, "NODE_SUSPENDED", "a", { reason: "signal" }],
      [10, "NODE_RESUMED", "a"],
      [10, "NODE_STARTED", "a", { attempt: 2 }],
      [12, "NODE_COMPLETED", "a", { attempt: 2 }],
    ),
  );
  expect(line?.spans.map(({ kind, from, to, outcome }) => [kind, from, to, outcome])).toEqual([
    ["queued", 0, 1, "waited"],
    ["attempt", 1, 3, "failed"],
    ["backoff", 3, 5, "waited"],
    ["attempt", 5, 6, "running"],
    ["suspended", 6, 10, "waited"],
    ["queued", 10, 10, "waited"],
    ["attempt", 10, 12, "succeeded"],
  ]);
  expect([line?.from, line?.to, line?.outcome, line?.attempts]).toEqual([0, 12, "succeeded", 2]);
  expect(line && shares(line)).toEqual({ work: 5000, waits: 7000 });
});

test("what goes on lasts until the last event", () => {
  const lines = linesOf(run([0, "NODE_STARTED", "a"], [4, "NODE_STARTED", "b"]));
  expect(lines.map(({ node, to, outcome }) => [node, to, outcome])).toEqual([
    ["a", 4, "running"],
    ["b", 4, "running"],
  ]);
});

test("what is in a turn stands behind its container", () => {
  const turn = (index: number) => ({ scope: `each[${index}]` });
  const lines = linesOf(
    run(
      [0, "NODE_UNFOLDED", "each"],
      [1, "NODE_STARTED", "late"],
      [2, "NODE_STARTED", "x", turn(0)],
      [3, "NODE_COMPLETED", "x", turn(0)],
      [3, "NODE_STARTED", "x", turn(1)],
      [4, "NODE_COMPLETED", "x", turn(1)],
      [5, "NODE_COMPLETED", "each"],
      [6, "NODE_COMPLETED", "late"],
    ),
  );
  expect(lines.map(({ key, level }) => [key, level])).toEqual([
    ["each", 0],
    ["each[0].x", 1],
    ["each[1].x", 1],
    ["late", 0],
  ]);
});

test("the container of a turn is known by its path", () => {
  expect(
    ["each[3]", "guard.try", "each[3].body", "each[3].guard.try", "a[1].b[2]"].map(containerOf),
  ).toEqual(["each", "guard", "each", "each[3].guard", "a[1].b"]);
});

const PATH = run(
  [0, "NODE_SCHEDULED", "a"],
  [0, "NODE_SCHEDULED", "slow"],
  [0, "NODE_STARTED", "a"],
  [0, "NODE_STARTED", "slow"],
  [1, "NODE_COMPLETED", "a"],
  [5, "NODE_COMPLETED", "slow"],
  [5, "NODE_SCHEDULED", "join"],
  [7, "NODE_STARTED", "join"],
  [9, "NODE_COMPLETED", "join"],
  [9, "NODE_SCHEDULED", "end"],
  [9, "NODE_STARTED", "end"],
  [12, "NODE_COMPLETED", "end"],
);

test("the critical path goes from node to node that was waited for", () => {
  expect(criticalSteps(PATH).map(({ node, ms, wait }) => [node, ms, wait])).toEqual([
    ["slow", 5000, 0],
    ["join", 4000, 2000],
    ["end", 3000, 0],
  ]);
  const found = criticalOf(PATH, linesOf(PATH));
  expect(found).toEqual({ path: ["slow", "join", "end"], ms: 12_000, work: 10_000 });
});

test("a turn has a path of its own, and no run has none", () => {
  const scope = "each[0]";
  const events = run(
    [0, "NODE_SCHEDULED", "each"],
    [0, "NODE_SCHEDULED", "x", { scope }],
    [1, "NODE_COMPLETED", "x", { scope }],
    [1, "NODE_COMPLETED", "each"],
  );
  expect(criticalSteps(events).map(({ node }) => node)).toEqual(["each"]);
  expect(criticalSteps(events, scope).map(({ node }) => node)).toEqual(["x"]);
  expect(criticalOf([], [])).toEqual({ path: [], ms: 0, work: 0 });
});
