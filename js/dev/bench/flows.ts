/** Flows of any size, and a run of them: with n nodes, one and a half times as many edges. */
import type { Event, FlowView, Snapshot } from "../../src/protocol/generated";
import * as scenes from "../scenes";

const WIDE = 25;
const RUN = "018f-bench";
let seq = 0;

/** Layers of 25 nodes; each reads the one before it, every second also that one's neighbour. */
export function flowOf(count: number): FlowView {
  const edges: Array<FlowView["edges"][number]> = [];
  for (let i = WIDE; i < count; i++) {
    const row = i % WIDE;
    edges.push(edge(i - WIDE, i, "a"));
    if (i % 2 === 1) edges.push(edge(i - WIDE - row + ((row + 1) % WIDE), i, "b"));
  }
  return scenes.placed({
    ...scenes.flow(),
    flow: `${count} nodes`,
    params: [],
    nodes: Array.from({ length: count }, (_, i) => ({
      ...scenes.node([`n${i}`, "python", "", "out"], i),
      inputs: edges
        .filter((one) => one.target === `n${i}`)
        .map(({ input, source }) => ({
          name: input,
          source: `${source}.out`,
          required: true,
          origin: "upstream",
          takes: "",
        })),
    })),
    edges,
  });
}

function edge(from: number, to: number, input: string) {
  return { source: `n${from}`, output: "out", target: `n${to}`, input };
}

function stamp() {
  return { run: RUN, seq: seq++, at: Date.now() / 1000 };
}

export function created(flow: FlowView): Event {
  return {
    kind: "RUN_CREATED",
    ...stamp(),
    flow: flow.flow,
    version: "v",
    trigger: "canvas",
    nodes: flow.nodes.map((node) => node.name),
    params: {},
  };
}

export function started(node: string): Event {
  return { kind: "NODE_STARTED", ...stamp(), node, attempt: 1, on: "thread" };
}

export function completed(node: string): Event {
  const outputs = { out: scenes.table(120) };
  return { kind: "NODE_COMPLETED", ...stamp(), node, attempt: 1, ms: 12, outputs };
}

/** All that happened in a run that is over. */
export function history(flow: FlowView): Event[] {
  const nodes = flow.nodes.map((node) => node.name);
  return [
    created(flow),
    ...nodes.flatMap((node): Event[] => [
      { kind: "NODE_SCHEDULED", ...stamp(), node },
      started(node),
      completed(node),
    ]),
    { kind: "RUN_COMPLETED", ...stamp(), status: "succeeded", ms: 900 },
  ];
}

/** What a kernel sends: text, which the page has to parse. */
export function snapshotText(flow: FlowView, events: Event[] | null, number: number): string {
  const snapshot: Snapshot = scenes.snapshot(flow, events, number, "");
  return JSON.stringify(snapshot);
}
