/** Runs that begin late, go on in part, or end in another way than they began. */
import type { Event, FlowView } from "../src/protocol/generated";
import { began, done, flowOf, plain, type Row, stamp, table } from "./scenes";

const ORDER: readonly Row[] = [
  ["connect", "python", "", "connect", { role: "setup" }],
  ["reserve", "http", "", "reserve", { compensate: "release", retries: "2" }],
  ["charge", "http", "order=reserve.reserve", "charge", { compensate: "refund" }],
  ["ship", "http", "order=charge.charge", "ship"],
  ["release", "http", "order=reserve.reserve", "release"],
  ["refund", "http", "order=charge.charge", "refund"],
  ["audit", "python", "", "audit", { role: "teardown" }],
];

/** Nodes with a part of their own: setup, teardown, and two that undo. */
export const order = (): FlowView => flowOf("order", ORDER);

function opened(): Event[] {
  return [
    {
      kind: "RUN_CREATED",
      ...stamp(0),
      flow: "order",
      version: "v",
      trigger: "canvas",
      nodes: ORDER.map(([name]) => name),
      setup: ["connect"],
      teardown: ["audit"],
      compensations: { reserve: "release", charge: "refund" },
    },
    ...done("connect", 0.01, 8, { connect: plain }),
    ...done("reserve", 0.1, 212, { reserve: plain }),
    ...done("charge", 0.4, 180, { charge: plain }),
    ...began("ship", 0.6),
  ];
}

const lost = { type: "ConnectError", message: "no route to host", hint: null };

function shipFailed(): Event[] {
  return [
    ...opened(),
    { kind: "NODE_FAILED", ...stamp(0.9), node: "ship", attempt: 1, ms: 300, error: lost },
    { kind: "RUN_ENDING", ...stamp(0.9), status: "failed", error: lost, node: "ship" },
  ];
}

/** Work goes on; what undoes and what tears down stands by. */
export const standingBy = opened;

/** The work failed; one node is undone and the other just now. */
export const undoing = (): Event[] => [
  ...shipFailed(),
  ...done("refund", 0.9, 90, { refund: plain }),
  ...began("release", 1.0),
];

/** Cancelled, and finishing: the next cancel gives up on that too. */
export const givingUp = (): Event[] => [
  ...opened(),
  { kind: "CANCEL_REQUESTED", ...stamp(0.8), reason: "cancelled on the canvas" },
  { kind: "NODE_CANCELLED", ...stamp(0.8), node: "ship", attempt: 1, ms: 200 },
  { kind: "RUN_ENDING", ...stamp(0.8), status: "cancelled" },
  ...began("refund", 0.9),
];

/** One node was undone, the other was not. */
export const undone = (): Event[] => [
  ...shipFailed(),
  ...done("refund", 0.9, 90, { refund: plain }),
  ...began("release", 1.0),
  { kind: "NODE_FAILED", ...stamp(1.1), node: "release", attempt: 1, ms: 88, error: lost },
  ...done("audit", 1.2, 12, { audit: plain }),
  {
    kind: "RUN_COMPLETED",
    ...stamp(1.3),
    status: "failed",
    ms: 1300,
    node: "ship",
    error: lost,
    compensated: ["charge"],
    uncompensated: ["reserve"],
  },
];

/** Nothing had to be undone. */
export const shipped = (): Event[] => [
  ...opened(),
  ...done("ship", 0.6, 300, { ship: plain }).slice(-1),
  { kind: "RUN_ENDING", ...stamp(0.9), status: "succeeded" },
  ...done("audit", 1.0, 12, { audit: plain }),
  { kind: "RUN_COMPLETED", ...stamp(1.1), status: "succeeded", ms: 1100 },
];

function weather(nodes: readonly string[]): Event {
  return {
    kind: "RUN_CREATED",
    ...stamp(0),
    flow: "weather",
    version: "v",
    trigger: "manual",
    nodes,
    params: { city: "Seattle" },
  };
}

/** A run that was asked for `monthly` only; what it reads came from the cache. */
export function asked(nodes: readonly string[]): Event[] {
  const known = ["server", "daily", "station", "clean"];
  return [
    weather(nodes),
    ...nodes
      .filter((node) => !known.includes(node) && node !== "monthly")
      .map((node): Event => ({ kind: "NODE_SKIPPED", ...stamp(0), node, reason: "not_asked" })),
    ...known.map(
      (node): Event => ({
        ...{ kind: "NODE_REUSED", ...stamp(0.1), node },
        outputs: { [node === "server" ? "url" : node === "clean" ? "days" : node]: table(1461) },
      }),
    ),
    ...done("monthly", 0.2, 21, { monthly: table(48) }),
    { kind: "RUN_COMPLETED", ...stamp(0.3), status: "succeeded", ms: 300 },
  ];
}

/** One node waits for a person, one was stopped as not needed, and the run for both. */
export function suspended(nodes: readonly string[]): Event[] {
  return [
    weather(nodes),
    ...done("server", 0.1, 12, { url: plain }),
    ...began("daily", 0.2),
    {
      kind: "NODE_SUSPENDED",
      ...stamp(0.3),
      node: "daily",
      reason: "signal release_data",
      signal: "release_data",
    },
    ...began("station", 0.2),
    {
      kind: "NODE_CANCELLED",
      ...stamp(0.4),
      node: "station",
      attempt: 1,
      ms: 190,
      cause: "clean",
    },
  ];
}

/** Cancelled half way. */
export function cancelled(nodes: readonly string[]): Event[] {
  return [
    weather(nodes),
    ...done("server", 0.1, 12, { url: plain }),
    ...began("daily", 0.2),
    { kind: "CANCEL_REQUESTED", ...stamp(0.5), reason: "cancelled on the canvas" },
    { kind: "NODE_CANCELLED", ...stamp(0.6), node: "daily", attempt: 1, ms: 400 },
    ...nodes
      .slice(2)
      .map((node): Event => ({ kind: "NODE_CANCELLED", ...stamp(0.6), node, attempt: 0 })),
    { kind: "RUN_COMPLETED", ...stamp(0.7), status: "cancelled", ms: 700 },
  ];
}

/** Only what failed is run again: most turns of the map are taken from the run before. */
export function again(): Event[] {
  const turns = Array.from({ length: 100 }, (_, index) => index);
  const missing = new Set([7, 19, 31]);
  const of = { node: "each_station" };
  return [
    {
      kind: "RUN_CREATED",
      ...stamp(0),
      flow: "stations",
      version: "v",
      trigger: "manual",
      nodes: ["stations", "each_station", "guard", "report"],
      blocks: {
        each_station: { "": ["daily", "clean"] },
        guard: { "": ["publish"], catch: ["fallback"] },
      },
      origin: "018e-run",
    },
    {
      ...{ kind: "NODE_REUSED", ...stamp(0.1), node: "stations", source: "018e-run" },
      outputs: { stations: table(100) },
    },
    ...began("each_station", 0.1),
    { kind: "NODE_UNFOLDED", ...stamp(0.1), ...of, attempt: 1, total: 100 },
    ...turns
      .filter((index) => !missing.has(index))
      .map((index): Event => ({ kind: "SCOPE_REUSED", ...stamp(0.1), ...of, index })),
    { kind: "SCOPE_OPENED", ...stamp(0.2), ...of, index: 7 },
    ...began("daily", 0.2).map((event) => ({ ...event, scope: "each_station[7]" }) as Event),
  ];
}

export const WAITS = "max_runs=1 of weather";

const KINDS =
  "python shell sql database http notify router if merge filter sort transform aggregate pivot split " +
  "date_maths read_file set_variable state_machine note log stop call map while try approval delay http.v1 acme";

const NOTE =
  "**Sales of the day.** The numbers come from the till; see the *handbook* for refunds.";

/** A node of each kind, none of them wired. */
export function kinds(plain: FlowView): FlowView {
  const [one] = plain.nodes;
  if (one === undefined) return plain;
  const nodes = KINDS.split(" ").map((kind, i) => ({
    ...one,
    name: kind.replace(".", "_"),
    kind,
    inputs: [],
    settings: kind === "note" ? [{ name: "text", origin: "literal", text: NOTE }] : [],
    x: (i % 5) * 240,
    y: Math.floor(i / 5) * 110,
  }));
  return { ...plain, nodes, edges: [] };
}
