/** Pages of recorded runs without a server: what it would say of the runs of the other scenes. */
import type { Event, FlowView } from "../src/protocol/generated";
import { type Method, type PageAct, PageError, type RunPage } from "../src/protocol/runPage";
import { completed, flowOf, started } from "./bench/flows";
import * as scenes from "./scenes";

type Scene = readonly [FlowView, Event[]];

/** A thousand nodes, each with ten events: scheduled, tried, failed and tried again, logged, done. */
export function huge(nodes = 1000, each = 10): Scene {
  const flow = flowOf(nodes);
  const first = scenes.succeeded()[0] as Event;
  const { run } = first;
  const events: Event[] = [
    { ...first, nodes: flow.nodes.map((node) => node.name), blocks: {} } as Event,
  ];
  const add = (event: object) =>
    events.push({ ...event, run, seq: events.length, at: first.at + events.length / 500 } as Event);
  for (let from = 0; from < nodes; from += 25) {
    const some = flow.nodes.slice(from, from + 25).map((node) => node.name);
    for (const node of some) add({ kind: "NODE_SCHEDULED", node });
    for (let attempt = 1; attempt <= (each - 2) / 2; attempt++)
      for (const node of some) {
        add({ ...started(node), attempt });
        const error = { type: "TimeoutError", message: "no answer" };
        if (attempt < (each - 2) / 2)
          add({ kind: "NODE_RETRY_SCHEDULED", node, attempt, ms: 2, delay: 0.01, error });
        else add(completed(node));
      }
    for (const node of some)
      add({ kind: "NODE_USED", node, attempt: 1, cpu_ms: 3, memory: 40_000_000 });
  }
  add({ kind: "RUN_COMPLETED", status: "succeeded", ms: events.length * 2 });
  return [{ ...flow, locked: LOCKED }, events];
}

export const LOCKED = "this is a run as it was";

/** All that a run was, cut short for a run that goes on. */
export function played(flow: FlowView, events: readonly Event[]): Scene {
  const used = events.flatMap((event): Event[] => {
    if (event.kind !== "NODE_COMPLETED") return [event];
    const { run, seq, at, node, attempt } = event;
    const rest = { cpu_ms: event.ms * 0.8, memory: 90_000_000 + event.ms * 1000 };
    return [event, { kind: "NODE_USED", run, seq, at, node, attempt, ...rest }];
  });
  return [{ ...flow, locked: LOCKED }, used.map((event, seq) => ({ ...event, seq }))];
}

/** A page of that run; what it is asked to do is written down. */
export class Page implements RunPage {
  readonly run: string;
  readonly acts: PageAct[] = [];
  private readonly listeners = new Set<() => void>();
  private pinned = false;

  constructor(
    private readonly events: readonly Event[],
    readonly against?: string,
    private readonly state: "gone" | "whole" = "whole",
  ) {
    this.run = events[0]?.run ?? "0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90";
  }

  async ask(method: Method, path: string, body: object = {}): Promise<unknown> {
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (this.state === "gone") throw new PageError("The server does not answer.", "", 0);
    if (path.startsWith("diff")) return (await import("./diff")).DIFF;
    if (path.endsWith("/tree")) return this.tree();
    if (path.endsWith("/replay")) return "check" in body ? this.plan(body) : { run: "new-run" };
    if (path.endsWith("/pin")) {
      this.pinned = (body as { pinned: boolean }).pinned;
      for (const listener of this.listeners) listener();
    }
    if (method === "GET" && path.startsWith("runs/")) return { run: this.row(), nodes: [] };
    return { run: this.row().id };
  }

  async act(act: PageAct): Promise<string> {
    this.acts.push(act);
    return act.do === "here" ? "This notebook has no kernel. Start one, then ask again." : "";
  }

  onChange(callback: () => void): () => void {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  }

  private row(more: object = {}) {
    const created = this.events.find((event) => event.kind === "RUN_CREATED");
    const over = this.events.find((event) => event.kind === "RUN_COMPLETED");
    const at = created?.at ?? Date.now() / 1000;
    return {
      ...{ id: this.run, flow: "weather", version: "9f86d081884c7d65", trigger: "manual" },
      status: over?.status ?? "running",
      started_at: new Date(at * 1000).toISOString(),
      ended_at: over === undefined ? null : new Date(over.at * 1000).toISOString(),
      duration_ms: over?.ms ?? null,
      params: { city: "Seattle", year: 2015, hot_above: 30 },
      ...{ error: null, pinned: this.pinned, parent: null, notebook: "weather.ipynb" },
      ...{ origin: null, origin_seq: null, origin_node: null },
      ...more,
    };
  }

  private tree() {
    const branch = (id: string, from: object, status: string, branches: unknown[] = []) => ({
      run: this.row({ id, origin: this.run, status, duration_ms: 1432, ...from }),
      branches,
    });
    return {
      run: this.row(),
      branches: [
        branch("0197f3a2-0000-7000-8000-0000a1b2c3d4", { origin_node: "clean" }, "succeeded", [
          branch("0197f3a2-0000-7000-8000-0000e5f6a7b8", { origin_seq: 14 }, "failed"),
        ]),
        branch("0197f3a2-0000-7000-8000-000011223344", {}, "running"),
      ],
    };
  }

  private plan(body: object) {
    const { from } = body as { from?: readonly string[] };
    const nodes = this.events.find((event) => event.kind === "RUN_CREATED");
    const names = nodes?.kind === "RUN_CREATED" ? nodes.nodes : [];
    const first = from === undefined ? 0 : names.indexOf(from[0] ?? "");
    return {
      ...{ origin: this.run, version: "v" },
      nodes: names.map((node, i) => ({
        ...{ node, fate: i < first ? "taken" : "runs", changes: [], items: 0 },
        why: i < first ? "as in the run" : i === first ? "asked for" : `follows ${names[first]}`,
      })),
      warnings: from === undefined ? [] : ["clean: its code changed since, it runs anew"],
      problems: [],
    };
  }
}
