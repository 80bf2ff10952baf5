/**
 * All a view knows: the definition, the run, and what it asked for. `reduce` is the only way it
 * changes, and it is pure: the time a message arrived is an argument.
 */
import type {
  Details,
  EdgeView,
  Event,
  FlowView,
  KernelMessage,
  ProgressView,
  Refused,
} from "../protocol/generated";
import { foldRun } from "./fold";
import { kept, keptBy } from "./kept";
import type { Moment } from "./moment";
import type { RunState } from "./run";
import { type LiveStreams, streamed } from "./stream";

/** `lost`: nobody answers any more; what is shown is the past. */
export type Connection = "connecting" | "live" | "lost";

/** Why a flow cannot be changed that could be if somebody were reached. */
export const UNREACHED = "there is no connection";

export interface Queued {
  readonly run: string;
  readonly waitsFor: string;
}

export interface CanvasState {
  readonly connection: Connection;
  readonly seq: number;
  /** True after a gap in `seq`: what is shown may be wrong until the next snapshot. */
  readonly behind: boolean;
  readonly flow: FlowView | null;
  readonly run: RunState | null;
  /** The moment of the run that is looked at; null: as it is by now. */
  readonly moment: Moment | null;
  /** The run that waits for its turn, and for what. */
  readonly queued: Queued | null;
  readonly progress: Readonly<Record<string, ProgressView>>;
  readonly streams: LiveStreams;
  readonly details: Readonly<Record<string, Details>>;
  readonly refused: Refused | null;
  /** Seconds by which the browser's clock is ahead of the kernel's, at most. */
  readonly skew: number | null;
}

export const INITIAL: CanvasState = {
  connection: "connecting",
  seq: 0,
  behind: false,
  flow: null,
  run: null,
  moment: null,
  queued: null,
  progress: {},
  streams: {},
  details: {},
  refused: null,
  skew: null,
};

/** The state after `message`, which arrived at `now` (seconds since the epoch). */
export function reduce(state: CanvasState, message: KernelMessage, now: number): CanvasState {
  switch (message.type) {
    case "SNAPSHOT": {
      const run = foldRun(null, message.run?.events ?? []);
      const same = run?.run === state.run?.run;
      return {
        ...state,
        connection: "live",
        seq: message.seq,
        behind: false,
        flow: keptFlow(state.flow, message.flow),
        run,
        queued: message.run?.waits_for
          ? { run: message.run.run, waitsFor: message.run.waits_for }
          : null,
        progress: byNode({}, message.run?.progress ?? []),
        streams: same ? state.streams : {},
        details: same ? state.details : {},
      };
    }
    case "BATCH": {
      if (state.flow === null || message.seq <= state.seq) return state;
      if (message.seq !== state.seq + 1) return { ...state, connection: "live", behind: true };
      const last = message.events.at(-1);
      const lag = last === undefined ? null : now - last.at;
      return {
        ...state,
        connection: "live",
        seq: message.seq,
        run: foldRun(state.run, message.events),
        queued: message.events.some(({ run }) => run === state.queued?.run) ? null : state.queued,
        progress: byNode(state.progress, message.progress),
        streams: streamed(begun(message.events) ? {} : state.streams, message.streams),
        skew: lag === null ? state.skew : Math.min(lag, state.skew ?? lag),
      };
    }
    case "DETAILS":
      return {
        ...state,
        connection: "live",
        details: { ...state.details, [message.node]: message },
      };
    case "REFUSED":
      return { ...state, connection: "live", refused: message };
    default:
      return state; // an answer to a question, which waits for it elsewhere
  }
}

/** The definition that came, with every node and edge of the one before that did not change. */
function keptFlow(before: FlowView | null, after: FlowView): FlowView {
  if (before === null) return after;
  const nodes = keptBy(before.nodes, after.nodes, (node) => node.name);
  const edges = keptBy(before.edges, after.edges, edgeKey);
  const rest = kept(before, { ...after, nodes: before.nodes, edges: before.edges });
  return nodes === before.nodes && edges === before.edges ? rest : { ...rest, nodes, edges };
}

/** What tells an edge from all others of a flow. */
export function edgeKey({ source, output, target, input }: EdgeView): string {
  return `${source}.${output}>${target}.${input}`;
}

/** True when another run begins: what was streamed before is none of its. */
function begun(events: readonly Event[]): boolean {
  return events.some((event) => event.kind === "RUN_CREATED");
}

function byNode(
  before: Readonly<Record<string, ProgressView>>,
  notices: readonly ProgressView[],
): Readonly<Record<string, ProgressView>> {
  if (notices.length === 0) return before;
  return { ...before, ...Object.fromEntries(notices.map((one) => [one.node, one])) };
}
