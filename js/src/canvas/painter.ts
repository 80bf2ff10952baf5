/**
 * The cards and lines that are on the page, each painted when what it shows has changed.
 *
 * One subscription and one clock for all of them. What is due is painted in slices, a few
 * milliseconds a frame: a thousand changes at once must not hold up a finger on the trackpad.
 */
import type { NodeRun } from "../model/node";
import type { RunState } from "../model/run";
import { isBusy, standingOf } from "../model/selectors";
import type { CanvasState } from "../model/state";
import type { NextFrame, Store, Unsubscribe } from "../model/store";
import type { EdgeView } from "../protocol/generated";
import { paintClock, paintEdge, paintNode, type Shown } from "./paint";

const CLOCK_MS = 200;
const SLICE_MS = 8;

export interface Painting {
  readonly paint: () => void;
  /** All of a state it depends on; it is painted again when one of them is another object. */
  readonly reads: (state: CanvasState) => readonly unknown[];
}

interface Painted extends Painting {
  seen: readonly unknown[];
}

export class Painter {
  private readonly cards = new Map<HTMLElement, Shown>();
  private readonly painted = new Set<Painted>();
  private readonly due = new Set<Painted>();
  private run: RunState | null;
  private queued: unknown;
  private waits = false;

  constructor(
    private readonly store: Store,
    private readonly nextFrame: NextFrame = (callback) => requestAnimationFrame(callback),
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.run = store.state.run;
    this.queued = store.state.queued;
  }

  /** Follow the store until the function returned is called. */
  start(): Unsubscribe {
    const stop = this.store.subscribe(() => this.look());
    const ticking = setInterval(() => this.tick(), CLOCK_MS);
    return () => {
      stop();
      clearInterval(ticking);
    };
  }

  card(element: HTMLElement, shown: Shown): Unsubscribe {
    const { name } = shown.node;
    this.cards.set(element, shown);
    const stop = this.watch({
      paint: () => paintNode(element, shown, this.store),
      reads: ({ run, progress, streams }) => [
        run?.nodes[name],
        undoer(run, name),
        progress[name],
        streams[name],
      ],
    });
    return () => {
      this.cards.delete(element);
      stop();
    };
  }

  edge(element: SVGElement, edge: EdgeView): Unsubscribe {
    return this.watch({
      paint: () => paintEdge(element, edge, this.store),
      reads: ({ run, streams }) => [
        run?.nodes[edge.source],
        run?.nodes[edge.target],
        streams[edge.source],
      ],
    });
  }

  /** Paint now, and whenever it is due. */
  watch(painting: Painting): Unsubscribe {
    const one: Painted = { ...painting, seen: [] };
    this.painted.add(one);
    this.draw(one);
    return () => {
      this.painted.delete(one);
      this.due.delete(one);
    };
  }

  private draw(one: Painted): void {
    one.seen = one.reads(this.store.state);
    one.paint();
  }

  /** Find what has to be painted anew; all of it when it is about the run as a whole. */
  private look(): void {
    const { state } = this.store;
    const all = state.queued !== this.queued || !sameRun(state.run, this.run);
    this.run = state.run;
    this.queued = state.queued;
    for (const one of this.painted) {
      const reads = one.reads(state);
      if (all || reads.some((read, i) => read !== one.seen[i])) this.due.add(one);
    }
    if (!this.waits) this.slice();
  }

  private slice(): void {
    this.waits = false;
    const end = this.clock() + SLICE_MS;
    for (const one of this.due) {
      this.due.delete(one);
      this.draw(one);
      if (this.clock() > end) break;
    }
    if (this.due.size === 0) return;
    this.waits = true;
    this.nextFrame(() => this.slice());
  }

  private tick(): void {
    const { state } = this.store;
    if (state.run === null || state.run.verdict !== null) return;
    for (const [element, { node }] of this.cards)
      if (isBusy(standingOf(state, node.name))) paintClock(element, node, this.store);
  }
}

/** What undoes a node, as it stands. */
function undoer(run: RunState | null, name: string): NodeRun | undefined {
  const by = run?.compensations[name];
  return by === undefined ? undefined : run?.nodes[by];
}

/** Fields that change all the time, and are looked at node by node. */
const OF_NODES: ReadonlySet<string> = new Set(["nodes", "active", "suspended", "scopes"]);

function sameRun(one: RunState | null, other: RunState | null): boolean {
  if (one === null || other === null) return one === other;
  return (Object.keys(one) as (keyof RunState)[]).every(
    (field) => OF_NODES.has(field) || one[field] === other[field],
  );
}
