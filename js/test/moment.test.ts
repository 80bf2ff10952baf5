/** What is told of a moment: the tape that keeps what comes, the details of a node, what is asked. */
import { describe, expect, test } from "vitest";
import { DIFF } from "../dev/diff";
import { Tape } from "../src/host/tape";
import { foldRun } from "../src/model/fold";
import { detailsAt, notYet } from "../src/model/moment";
import { overlayOf } from "../src/past/model/diff";
import { played, playingFrom } from "../src/past/model/playing";
import { bodyOf, changedParams, planSummary } from "../src/past/model/replaying";
import { usedOf } from "../src/past/model/used";
import type { Batch, Details, Event, ParamView, Snapshot } from "../src/protocol/generated";
import { completed, created, RUN, snapshot, started } from "./flows";

const EVENTS: readonly Event[] = [
  created(),
  started("fetch", 1),
  completed("fetch", 2, ["rows"]),
  {
    kind: "NODE_USED",
    run: RUN,
    seq: 3,
    at: 101,
    node: "fetch",
    attempt: 1,
    cpu_ms: 8,
    memory: 70,
  },
];

function batch(seq: number, ...events: Event[]): Batch {
  return { type: "BATCH", seq, events, progress: [], streams: [] };
}

describe("the tape", () => {
  test("has all that happened, and tells it on while nobody holds it", () => {
    const tape = new Tape();
    tape.take(snapshot(1, EVENTS.slice(0, 2)));
    const told = tape.take(batch(2, EVENTS[1] as Event, EVENTS[2] as Event)) as Batch;
    expect(told.events).toEqual([EVENTS[2]]); // what was known is not told twice
    expect(tape.events).toEqual(EVENTS.slice(0, 3));
  });

  test("keeps what comes to itself while a moment is held", () => {
    const tape = new Tape();
    let grown = 0;
    tape.subscribe(() => grown++);
    tape.take(snapshot(1, EVENTS.slice(0, 2)));
    tape.held = 1;
    expect((tape.take(batch(2, EVENTS[2] as Event)) as Batch).events).toEqual([]);
    expect(tape.events).toHaveLength(3);
    expect(grown).toBe(2);
    const again = tape.take(snapshot(3, EVENTS)) as Snapshot;
    expect(again.run?.events).toEqual(EVENTS.slice(0, 1));
    expect(tape.events).toEqual(EVENTS);
  });
});

const DETAILS: Details = {
  ...{
    type: "DETAILS",
    view: "v",
    node: "fetch",
    run: RUN,
    scope: "",
    source: "",
    logs_cut: false,
    lines: 2,
  },
  ...{ language: "python", error: null, stream: null },
  inputs: [{ port: "city", type: "str", preview: null, note: "" }],
  outputs: [{ port: "rows", type: "DataFrame", preview: null, note: "" }],
  logs: [
    { stream: "stdout", text: "early", at: 100.2, seq: 1, level: "info" },
    { stream: "stdout", text: "late", at: 100.8, seq: 2, level: "info" },
  ],
  measured: { attempt: 1, cpu_ms: 8, memory: 70, is_estimate: false },
};

describe("a node at a moment", () => {
  const at = (count: number, time: number) => {
    const node = foldRun(null, EVENTS.slice(0, count))?.nodes.fetch;
    const moment = { seq: count - 1, at: time };
    return [detailsAt(DETAILS, node, moment), notYet(DETAILS, node, moment)] as const;
  };

  test("before it begins there is nothing of it", () => {
    const [details, why] = at(1, 100);
    expect([details?.inputs, details?.outputs, details?.logs, details?.measured]).toEqual([
      ...[[], [], [], null],
    ]);
    expect(why).toContain("had not begun");
  });

  test("while it is at work it has its inputs and what it has printed", () => {
    const [details, why] = at(2, 100.5);
    expect(details?.inputs).toHaveLength(1);
    expect(details?.outputs).toEqual([]);
    expect(details?.logs.map(({ text }) => text)).toEqual(["early"]);
    expect(why).toContain("still at work");
  });

  test("when it is over, and when no moment is held, everything is there", () => {
    expect(at(3, 101)).toEqual([DETAILS, ""]);
    expect(detailsAt(DETAILS, undefined, null)).toBe(DETAILS);
  });
});

test("what was used is counted up to the moment", () => {
  expect(usedOf(EVENTS, 3)).toMatchObject({ cpu: null, memory: null });
  expect(usedOf(EVENTS, 4)).toMatchObject({ cpu: 8, memory: 70, tokens: 0 });
});

describe("playing", () => {
  const events = [0, 1, 1000].map((at, seq) => ({ ...started("fetch", seq), at }) as Event);

  test("goes by the clock of the run, faster, and cuts idle time short", () => {
    const start = playingFrom(events, 1, "time");
    expect(played(events, start, 0.5, 1, "time").count).toBe(1);
    expect(played(events, start, 0.5, 4, "time").count).toBe(2);
    const second = playingFrom(events, 2, "time");
    expect(played(events, second, 0.9, 1, "time").count).toBe(2);
    expect(played(events, second, 1.1, 1, "time").count).toBe(3);
  });

  test("or event by event", () => {
    const start = playingFrom(events, 1, "events");
    expect(played(events, start, 0.125, 1, "events").count).toBe(2);
    expect(played(events, start, 9, 1, "events").count).toBe(3);
  });
});

describe("a replay", () => {
  const param = (name: string, annotation: string): ParamView => ({
    ...{ name, annotation, required: false, default: null, help: null },
  });
  const params = [param("limit", "float"), param("city", "str")];
  const had = { limit: 1.5, city: "Oslo" };

  test("says only what is to be another value", () => {
    expect(changedParams(params, had, { limit: "1.5", city: "Bergen" })).toEqual({
      params: { city: "Bergen" },
      errors: {},
    });
    expect(changedParams(params, had, { limit: "x" }).errors.limit).toContain("not a number");
  });

  test("is asked from where, with what, and in which definition", () => {
    const tables = [{ node: "a", port: "out", cells: [] }];
    const params = { limit: 2 };
    const wanted = { begin: { from: "moment", seq: 7 }, params, asRun: true, tables } as const;
    expect(bodyOf(wanted)).toEqual({ at: 7, params, tables, version: "as_run" });
    const plain = { begin: { from: "start" }, params: {}, asRun: false, tables: [] } as const;
    expect(bodyOf(plain)).toEqual({});
    const from = { ...plain, begin: { from: "nodes", nodes: ["a", "b"] } } as const;
    expect(bodyOf(from)).toEqual({ from: ["a", "b"] });
  });

  test("is told in a line before it starts", () => {
    const node = (fate: string) => ({ node: fate, fate, why: "", changes: [], items: 0 });
    const nodes = ["taken", "taken", "runs", "given"].map(node);
    const plan = { origin: "", version: "", warnings: [], problems: [], nodes };
    expect(planSummary(plan as Parameters<typeof planSummary>[0])).toBe(
      "2 taken, 1 to run, 1 given by hand",
    );
  });
});

test("a comparison is laid over the flow: where it parts, what follows, which rows", () => {
  const overlay = overlayOf(DIFF);
  expect(overlay).toMatchObject({
    kind: "divergence",
    nodes: { clean: "diverged", climate: "changed", season: "same" },
    edges: { "clean.days>climate.days": { added: 2, removed: 65, changed: 14 } },
  });
});
