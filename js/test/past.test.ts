/// <reference types="node" />
/** A run at any moment: the same as its first events folded from scratch, wherever one comes from. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { foldRun } from "../src/model/fold";
import type { RunState } from "../src/model/run";
import { axisOf, countHere, density, marksOf, placeOf, ticksOf } from "../src/past/model/axis";
import { EVERY, History } from "../src/past/model/history";
import { ALL, rowOf, sifted } from "../src/past/model/sifting";
import { boundary, countAt, countOf } from "../src/past/model/stops";
import { told } from "../src/past/model/telling";
import type { Event } from "../src/protocol/generated";
import { completed, created, RUN, started } from "./flows";

const FOLDER = join(__dirname, "..", "..", "tests", "golden", "runs");
const GOLDEN: ReadonlyArray<readonly [string, readonly Event[]]> = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => {
    const { name, events } = JSON.parse(readFileSync(join(FOLDER, file), "utf8"));
    return [name, events];
  });

/** All of a run, as plain data: nodes, and every turn with its nodes. */
function plain(run: RunState | null): unknown {
  if (run === null) return null;
  const scopes = [...run.scopes.values()].map(({ path, nodes, turns, shielded }) => ({
    path,
    shielded,
    nodes: Object.fromEntries(nodes),
    turns: [...turns].map(([node, known]) => [node, [...known]]),
  }));
  return { ...run, standby: [...run.standby], scopes: scopes.sort(by("path")) };
}

const by =
  <K extends string>(key: K) =>
  (a: Record<K, string>, b: Record<K, string>) =>
    a[key].localeCompare(b[key]);

/** Numbers that are the same each time. */
function chance(seed: number): () => number {
  let at = seed;
  return () => {
    at = (at * 1664525 + 1013904223) % 2 ** 32;
    return at / 2 ** 32;
  };
}

/** A run of nested maps with so many events: turns that fail, are begun anew, retries, pauses. */
function long(count: number, seed = 7): Event[] {
  const random = chance(seed);
  const blocks = { each: { "": ["a", "inner"] }, inner: { "": ["b"] } };
  const events: Event[] = [
    { ...created(), nodes: ["fetch", "each", "last"], blocks } as Event,
    { kind: "NODE_UNFOLDED", run: RUN, seq: 1, at: 100, node: "each", attempt: 1, total: count },
  ];
  const add = (event: object) =>
    events.push({ run: RUN, seq: events.length, at: 100 + events.length / 50, ...event } as Event);
  for (let index = 0; events.length < count; index++) {
    const turn = Math.floor(random() * (index + 2));
    const scope = `each[${turn}]`;
    add({ kind: "SCOPE_OPENED", node: "each", block: "", index: turn });
    add({ kind: "NODE_STARTED", node: "a", scope, attempt: 1 });
    if (random() < 0.2) {
      const error = { type: "E", message: "no" };
      add({ kind: "NODE_FAILED", node: "a", scope, attempt: 1, ms: 1, error });
      add({ kind: "SCOPE_CLOSED", node: "each", block: "", index: turn, status: "failed" });
      continue;
    }
    add({ kind: "NODE_COMPLETED", node: "a", scope, attempt: 1, ms: 1 });
    add({ kind: "NODE_UNFOLDED", node: "inner", scope, attempt: 1, total: 1 });
    add({ kind: "SCOPE_OPENED", node: "inner", scope, block: "", index: 0 });
    add({ kind: "NODE_STARTED", node: "b", scope: `${scope}.inner[0]`, attempt: 1 });
    if (random() < 0.1) add({ kind: "RUN_PAUSED" });
    if (random() < 0.1) add({ kind: "RUN_RESUMED" });
    if (random() < 0.1) add({ kind: "RUN_RECOVERED", lost: [`${scope}.inner[0].b`] });
    add({ kind: "NODE_COMPLETED", node: "b", scope: `${scope}.inner[0]`, attempt: 1, ms: 1 });
    const closed = { kind: "SCOPE_CLOSED", status: "succeeded", index: 0, block: "" };
    add({ ...closed, node: "inner", scope });
    add({ ...closed, node: "each", index: turn });
  }
  return events;
}

describe("a run at a moment", () => {
  test.each(GOLDEN)("%s, forwards, backwards and to and fro", (_, events) => {
    const history = new History();
    history.tell(events);
    const random = chance(events.length);
    const counts = [...events.keys(), events.length];
    for (const count of [...counts, ...counts.reverse()])
      expect(plain(history.at(count))).toEqual(plain(foldRun(null, events.slice(0, count))));
    for (let i = 0; i < 10; i++) {
      const count = Math.floor(random() * (events.length + 1));
      expect(plain(history.at(count))).toEqual(plain(foldRun(null, events.slice(0, count))));
    }
  });

  test.each([1, 2, 3])("a long run of nested turns, in any order (%i)", (seed) => {
    const events = long(3 * EVERY, seed);
    const history = new History();
    history.tell(events);
    const random = chance(seed);
    for (let i = 0; i < 40; i++) {
      const count = Math.floor(random() * (events.length + 1));
      expect(plain(history.at(count))).toEqual(plain(foldRun(null, events.slice(0, count))));
    }
  });

  test("what was given once does not change when one goes on from it", () => {
    const events = long(EVERY + 100);
    const history = new History();
    history.tell(events);
    const moment = history.at(EVERY + 10);
    const before = JSON.stringify(plain(moment));
    history.at(events.length);
    history.at(5);
    expect(JSON.stringify(plain(moment))).toBe(before);
  });

  test("a run that goes on keeps what is known, another one does not", () => {
    const events = long(2 * EVERY);
    const history = new History();
    history.tell(events.slice(0, EVERY + 5));
    history.at(EVERY + 5);
    history.tell(events);
    expect(plain(history.at(events.length))).toEqual(plain(foldRun(null, events)));
    const other = [created("run-2"), { ...started("fetch", 1), run: "run-2" } as Event];
    history.tell(other);
    expect(history.at(2)?.run).toBe("run-2");
  });

  test("states are kept a few at a time", () => {
    const history = new History();
    history.tell(long(3 * EVERY));
    let rounds = 0;
    while (history.prepare()) rounds++;
    expect(rounds).toBeGreaterThanOrEqual(2);
    expect(history.prepare()).toBe(false);
  });
});

const SHORT: readonly Event[] = [
  created(),
  { kind: "NODE_SCHEDULED", run: RUN, seq: 1, at: 100.5, node: "fetch" },
  started("fetch", 3, 101),
  { ...completed("fetch", 4, ["rows"]), at: 102 } as Event,
  {
    ...{ kind: "NODE_FAILED", run: RUN, seq: 5, at: 104, node: "season", attempt: 1, ms: 1 },
    error: { type: "ValueError", message: "too hot" },
  } as Event,
  { kind: "RUN_COMPLETED", run: RUN, seq: 6, at: 110, status: "failed", ms: 10_000 },
];

describe("where one may stop", () => {
  test("boundaries are where nodes begin and are over; the ends are always there", () => {
    expect(boundary(SHORT, 1, 1)).toBe(3);
    expect(boundary(SHORT, 3, 1)).toBe(4);
    expect(boundary(SHORT, 5, 1)).toBe(6);
    expect(boundary(SHORT, 4, -1)).toBe(3);
    expect(boundary(SHORT, 3, -1)).toBe(1);
  });

  test("by a time, and by the number of an event, also of one that is left out", () => {
    expect(countAt(SHORT, 101)).toBe(3);
    expect(countAt(SHORT, 103)).toBe(4);
    expect(countOf(SHORT, 2)).toBe(2);
    expect(countOf(SHORT, 3)).toBe(3);
  });
});

describe("the line of time", () => {
  test("a place and a moment belong together, by time and by events", () => {
    for (const scale of ["time", "events"] as const) {
      const axis = axisOf(SHORT, scale);
      for (let count = 1; count <= SHORT.length; count++)
        expect(countHere(axis, placeOf(axis, count))).toBe(count);
    }
    expect(placeOf(axisOf(SHORT, "time"), 4)).toBeCloseTo(0.2);
    expect(placeOf(axisOf(SHORT, "events"), 4)).toBeCloseTo(0.6);
  });

  test("it says where much happened, and where something failed", () => {
    const axis = axisOf(SHORT, "time");
    expect(density(axis, 10)[0]).toBe(1);
    expect(marksOf(axis, 10)).toEqual([{ place: 0.4, kind: "failed", count: 5 }]);
    expect(ticksOf(axis, 5).map((tick) => tick.label)).toEqual([
      "0",
      "2 s",
      "4 s",
      "6 s",
      "8 s",
      "10 s",
    ]);
  });

  test("a run of no time and one of no event have a line, too", () => {
    expect(placeOf(axisOf([], "time"), 0)).toBe(0);
    expect(countHere(axisOf([created()], "time"), 0.7)).toBe(1);
    expect(ticksOf(axisOf([created()], "time"), 5)).toEqual([]);
  });
});

describe("the list of events", () => {
  test("is narrowed by family, node and text", () => {
    expect(sifted(SHORT, ALL)).toHaveLength(SHORT.length);
    expect(sifted(SHORT, { ...ALL, nodes: new Set(["fetch"]) })).toEqual([1, 2, 3]);
    expect(sifted(SHORT, { ...ALL, without: new Set(["other", "run"]) })).toEqual([2, 3, 4]);
    expect(sifted(SHORT, { ...ALL, text: "too hot" })).toEqual([4]);
  });

  test("of a container it shows what is in it", () => {
    const events = long(60);
    const inner = sifted(events, { ...ALL, nodes: new Set(["inner"]) });
    expect(inner.length).toBeGreaterThan(5);
    for (const i of inner) expect(JSON.stringify(events[i])).toContain("inner");
  });

  test("knows its row of a moment, also where that event is not shown", () => {
    const shown = [1, 3, 4];
    expect([0, 1, 2, 3, 4, 6].map((count) => rowOf(shown, count))).toEqual([-1, -1, 0, 0, 1, 2]);
  });

  test("says what happened in words", () => {
    expect(SHORT.map(told)).toEqual([
      "run began",
      "ready",
      "began",
      "done, 12 ms, 1,461 rows",
      "failed: ValueError: too hot",
      "run failed, 10 s",
    ]);
    const error = { type: "TimeoutError", message: "the run was not over after 60s" };
    const again = { run: RUN, seq: 3, at: 2, attempt: 2, deadline: 62, error };
    expect(told({ kind: "RUN_RETRIED", ...again })).toBe(
      "attempt 2 of the run: the run was not over after 60s",
    );
  });
});
