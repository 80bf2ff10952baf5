/** What the tests speak of: a small flow and the events of its runs. */
import type { Event, FlowView, Snapshot, ValueRef } from "../src/protocol/generated";

export const RUN = "run-1";

/** What there is to say of a node that is nothing special. */
export const PLAIN = { inside: null, contains: false, known: true, ports: {} } as const;

export const flow: FlowView = {
  flow: "tour",
  nodes: [
    {
      name: "fetch",
      kind: "http",
      x: 0,
      y: 0,
      inputs: [],
      outputs: ["rows"],
      options: {},
      cell: "a",
      index: 1,
      settings: [],
      ...PLAIN,
    },
    {
      name: "season",
      kind: "router",
      x: 270,
      y: 0,
      inputs: [
        { name: "rows", source: "fetch.rows", required: true, origin: "upstream", takes: "" },
      ],
      outputs: ["hot", "cold"],
      options: { retries: "2" },
      cell: "b",
      index: 2,
      settings: [],
      ...PLAIN,
    },
    {
      name: "ice",
      kind: "python",
      x: 540,
      y: 0,
      inputs: [
        { name: "cold", source: "season.cold", required: true, origin: "upstream", takes: "" },
      ],
      outputs: ["ice"],
      options: {},
      cell: "c",
      index: 3,
      settings: [],
      ...PLAIN,
    },
  ],
  edges: [
    { source: "fetch", output: "rows", target: "season", input: "rows" },
    { source: "season", output: "cold", target: "ice", input: "cold" },
  ],
  params: [],
  problems: [],
  stale: [],
  reasons: {},
  locked: "",
  undo: null,
  redo: null,
};

const table: ValueRef = { hash: "ab", format: "parquet", type: "DataFrame", rows: 1461 };

export function created(run = RUN, at = 100): Event {
  return {
    kind: "RUN_CREATED",
    run,
    seq: 0,
    at,
    flow: "tour",
    version: "v",
    trigger: "canvas",
    nodes: ["fetch", "season", "ice"],
  };
}

export function started(node: string, seq: number, at = 100, attempt = 1): Event {
  return { kind: "NODE_STARTED", run: RUN, seq, at, node, attempt };
}

export function completed(node: string, seq: number, ports: readonly string[], ms = 12): Event {
  const outputs = Object.fromEntries(ports.map((port) => [port, table]));
  return { kind: "NODE_COMPLETED", run: RUN, seq, at: 101, node, attempt: 1, ms, outputs };
}

export function snapshot(seq: number, events: readonly Event[] | null): Snapshot {
  return {
    type: "SNAPSHOT",
    seq,
    flow,
    run: events === null ? null : { run: RUN, events, progress: [], waits_for: "" },
  };
}
