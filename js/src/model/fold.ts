/**
 * The fold over a run's events, the same as `flowbook.run.rules.evolve` in Python.
 *
 * Golden histories in tests/golden/runs are folded by both; `runView` must give exactly the view
 * recorded there. Log lines do not travel live, so holes in the numbering are no error here.
 */
import type {
  Event,
  ItemsAdded,
  NodeCancelled,
  NodeCompleted,
  NodeReused,
  NodeUnfolded,
  RunCreated,
  RunRecovered,
  ScopeClosed,
  ScopeLeft,
  ScopeOpened,
  ScopeReused,
} from "../protocol/generated";
import { type NodeRun, type Outcome, type Phase, UNTOUCHED } from "./node";
import type { Blocks, RunState } from "./run";
import { active, copied, NO_COUNTS, parted, recount, type Scope, scope, scopePath } from "./turns";

/** The run after `events`; null while there is none. Copies the nodes once, not once per event. */
export function foldRun(run: RunState | null, events: readonly Event[]): RunState | null {
  return folded(run, events, false);
}

/** The same, and `run` stays what it was, its turns included: for moments that are gone back to. */
export function foldOn(run: RunState | null, events: readonly Event[]): RunState | null {
  return folded(run, events, true);
}

function folded(run: RunState | null, events: readonly Event[], keep: boolean): RunState | null {
  if (events.length === 0) return run;
  const fold = new Fold(run, keep);
  for (const event of events) fold.take(event);
  return fold.state;
}

const STANDBY: NodeRun = { ...UNTOUCHED, phase: "standby" };

interface Place {
  readonly scope?: string;
  readonly node: string;
}

class Fold {
  state: RunState | null;
  private nodes: Record<string, NodeRun>;
  private scopes: Map<string, Scope>;
  private active: number;
  private suspended: number;
  /** The turns that may be changed in place, where others are somebody else's; null: all may. */
  private readonly own: Set<string> | null;

  constructor(run: RunState | null, keep: boolean) {
    this.nodes = { ...run?.nodes };
    this.own = keep && run !== null ? new Set() : null;
    this.scopes = this.own === null ? (run?.scopes ?? new Map()) : new Map(run?.scopes);
    this.active = run?.active ?? 0;
    this.suspended = run?.suspended ?? 0;
    this.state = run === null ? null : { ...run, nodes: this.nodes, scopes: this.scopes };
  }

  take(event: Event): void {
    if (event.kind === "RUN_CREATED") this.created(event);
    else if (this.state !== null && event.run === this.state.run) this.fold(this.state, event);
    if (this.state === null) return;
    const { active, suspended } = this;
    if (this.state.active !== active || this.state.suspended !== suspended)
      this.state = { ...this.state, active, suspended };
  }

  private created(event: RunCreated): void {
    const blocks: Blocks = event.blocks ?? {};
    const standby = new Set([
      ...(event.teardown ?? []),
      ...Object.values(event.compensations ?? {}),
    ]);
    this.nodes = Object.fromEntries(
      event.nodes.map((node) => [node, standby.has(node) ? STANDBY : UNTOUCHED]),
    );
    for (const node of Object.values(blocks).flatMap((one) => Object.values(one).flat()))
      this.nodes[node] = { ...UNTOUCHED, scope: null, counts: NO_COUNTS };
    this.scopes = new Map([["", scope("")]]);
    this.active = this.suspended = 0;
    this.state = {
      run: event.run,
      flow: event.flow,
      trigger: event.trigger,
      params: event.params ?? {},
      order: event.nodes,
      blocks,
      nodes: this.nodes,
      startedAt: event.at,
      ms: null,
      verdict: null,
      error: null,
      errorNode: null,
      tries: 1,
      paused: false,
      cancelling: false,
      forced: false,
      standby,
      compensations: event.compensations ?? {},
      ending: null,
      compensated: [],
      uncompensated: [],
      active: 0,
      suspended: 0,
      scopes: this.scopes,
    };
  }

  private fold(state: RunState, event: Exclude<Event, RunCreated>): void {
    switch (event.kind) {
      case "NODE_SCHEDULED":
      case "NODE_RESUMED": {
        const stepped = event.kind === "NODE_SCHEDULED" && event.stepped;
        this.set(event, { phase: state.paused && !stepped ? "held" : "ready", reason: null });
        break;
      }
      case "NODE_STARTED":
        this.set(event, {
          phase: "running",
          attempt: event.attempt,
          startedAt: event.at,
          delay: null,
        });
        break;
      case "NODE_COMPLETED":
        this.done(event, "succeeded", { ms: event.ms, error: null });
        break;
      case "NODE_REUSED":
        this.done(event, "reused", {});
        break;
      case "NODE_RETRY_SCHEDULED":
        this.set(event, {
          phase: "backoff",
          ms: event.ms,
          error: event.error,
          delay: event.delay,
        });
        break;
      case "NODE_FAILED":
        this.set(event, {
          phase: "done",
          outcome: "failed",
          ms: event.ms,
          error: event.error,
        });
        break;
      case "NODE_SKIPPED":
        this.set(event, { phase: "done", outcome: "skipped", reason: event.reason });
        break;
      case "NODE_CANCELLED":
        this.cancelled(event);
        break;
      case "NODE_SUSPENDED":
        this.set(event, { phase: "suspended", reason: event.reason });
        break;
      case "NODE_LOGGED":
      case "NODE_STREAMED":
      case "NODE_USED":
        break;
      case "NODE_UNFOLDED":
        this.unfolded(event);
        break;
      case "SCOPE_OPENED":
        this.opened(state, event);
        break;
      case "SCOPE_LEFT":
        this.left(state, event);
        break;
      case "SCOPE_CLOSED":
        this.closed(event);
        break;
      case "SCOPE_REUSED":
        this.reused(event);
        break;
      case "ITEMS_ADDED":
        this.added(event);
        break;
      case "CHECKPOINT_REACHED":
        break;
      case "CANCEL_REQUESTED":
        this.state = { ...state, cancelling: true, forced: event.force ?? false };
        this.each("running", "cancelling", event.force ? undefined : state.standby);
        this.each("turning", "cancelling", event.force ? undefined : state.standby);
        break;
      case "RUN_PAUSED":
        this.state = { ...state, paused: true };
        this.each("ready", "held");
        break;
      case "RUN_RESUMED":
        this.state = { ...state, paused: false };
        this.each("held", "ready");
        break;
      case "RUN_RECOVERED":
        this.recovered(state, event);
        break;
      case "RUN_RETRIED":
        this.state = { ...state, tries: event.attempt };
        break;
      case "RUN_ENDING":
        this.state = { ...state, ending: event.status };
        break;
      case "RUN_COMPLETED":
        if (state.standby.size > 0) this.each("standby", "done");
        this.state = {
          ...state,
          compensated: event.compensated ?? [],
          uncompensated: event.uncompensated ?? [],
          verdict: event.status,
          ms: event.ms,
          error: event.error ?? null,
          errorNode: event.node ?? null,
        };
        break;
    }
  }

  /** A turn that is to be changed. */
  private grown(path: string): Scope | undefined {
    const found = this.scopes.get(path);
    if (found === undefined || this.own === null || this.own.has(path)) return found;
    const mine = copied(found);
    this.own.add(path);
    this.scopes.set(path, mine);
    return mine;
  }

  private at({ scope = "", node }: Place): NodeRun | undefined {
    return scope === "" ? this.nodes[node] : this.scopes.get(scope)?.nodes.get(node);
  }

  private set(place: Place, change: Partial<NodeRun>): void {
    const before = this.at(place);
    if (before === undefined) return;
    const after = { ...before, ...change };
    this.active += active(after.phase) - active(before.phase);
    this.suspended += Number(after.phase === "suspended") - Number(before.phase === "suspended");
    const { scope: path = "", node } = place;
    if (path === "") {
      this.nodes[node] = after;
      return;
    }
    this.grown(path)?.nodes.set(node, after);
    this.tell(node, before, after, path);
  }

  /** A node inside of a container is told as it stands in the turn that began last. */
  private tell(node: string, before: NodeRun, after: NodeRun | null, path: string): void {
    const shown = this.nodes[node];
    if (shown === undefined) return;
    const counts = recount(shown.counts ?? NO_COUNTS, before, after);
    if (after !== null && shown.scope === path)
      this.nodes[node] = { ...after, scope: path, counts };
    else if (counts !== shown.counts) this.nodes[node] = { ...shown, counts };
  }

  private done(
    event: NodeCompleted | NodeReused,
    outcome: Outcome,
    change: Partial<NodeRun>,
  ): void {
    this.set(event, { ...change, phase: "done", outcome, outputs: event.outputs ?? {} });
  }

  private cancelled(event: NodeCancelled): void {
    const ms = event.ms ? { ms: event.ms } : {};
    const why = event.cause ? { reason: "not_needed" } : {};
    this.set(event, { ...ms, ...why, phase: "done", outcome: "cancelled" });
  }

  private recovered(state: RunState, event: RunRecovered): void {
    const phase = state.paused ? "held" : "ready";
    const place = (key: string): Place => {
      const [path, node] = parted(key);
      return { scope: path, node };
    };
    for (const key of event.lost ?? []) this.set(place(key), { phase });
    for (const key of event.again ?? [])
      this.set(place(key), { phase, outcome: null, outputs: UNTOUCHED.outputs });
  }

  /** Bring all nodes of one phase to another; with `standby`, none that those or a shield keep. */
  private each(from: Phase, to: Phase, standby?: ReadonlySet<string>): void {
    const change: Partial<NodeRun> =
      from === "standby" ? { phase: to, outcome: "skipped", reason: "not_needed" } : { phase: to };
    for (const [node, one] of Object.entries(this.nodes))
      if (one.phase === from && one.counts === undefined && !standby?.has(node))
        this.set({ node }, change);
    for (const [path, { nodes, shielded }] of this.scopes)
      for (const [node, one] of nodes)
        if (one.phase === from && !(standby !== undefined && (shielded || standby.has(node))))
          this.set({ scope: path, node }, change);
  }

  // -------------------------------------------------------------- the turns of a container

  private unfolded(event: NodeUnfolded): void {
    const known = this.grown(event.scope ?? "")?.turns;
    for (const path of known?.get(event.node)?.values() ?? []) this.forget(path);
    known?.delete(event.node);
    const total = event.total ?? null;
    const none = { active: 0, succeeded: 0, failed: 0, reused: 0 };
    const turns = { total, ...none, counted: total !== null };
    this.set(event, { phase: "turning", turns });
  }

  private opened(state: RunState, event: ScopeOpened): void {
    const { node, block = "", index = null } = event;
    const around = this.grown(event.scope ?? "");
    const turns = this.at(event)?.turns;
    if (around === undefined || turns === undefined || turns === null) return;
    const known = around.turns.get(node) ?? new Map<string, string>();
    around.turns.set(node, known);
    const before = known.get(`${block}|${index}`);
    if (before !== undefined) this.forget(before); // it failed, and begins anew
    const shielded = around.shielded || block === "finally" || state.standby.has(node);
    const turn = scope(scopePath(around.path, node, block, index), shielded);
    known.set(`${block}|${index}`, turn.path);
    this.scopes.set(turn.path, turn);
    this.own?.add(turn.path);
    for (const name of state.blocks[node]?.[block] ?? []) {
      const fresh = state.standby.has(name) ? STANDBY : UNTOUCHED;
      turn.nodes.set(name, fresh);
      const counts = this.nodes[name]?.counts ?? NO_COUNTS;
      this.nodes[name] = { ...fresh, scope: turn.path, counts };
    }
    this.set(event, {
      turns: {
        ...turns,
        active: turns.active + 1,
        failed: turns.failed - (before === undefined ? 0 : 1),
        counted: turns.counted || index !== null,
      },
    });
  }

  /** A turn counts no more, for it is begun anew, as a whole or with its container. */
  private forget(path: string): void {
    const turn = this.scopes.get(path);
    if (turn === undefined) return;
    this.scopes.delete(path);
    for (const [node, one] of turn.nodes) this.tell(node, one, null, path);
    for (const inner of turn.turns.values()) for (const one of inner.values()) this.forget(one);
  }

  private turn({ scope: path, node, block = "", index = null }: ScopeLeft | ScopeClosed) {
    return this.scopes.get(scopePath(path ?? "", node, block, index));
  }

  private left(state: RunState, event: ScopeLeft): void {
    const turn = this.turn(event);
    for (const [node, { phase }] of turn?.nodes ?? [])
      if ((phase === "running" || phase === "turning") && !state.standby.has(node))
        this.set({ scope: turn?.path ?? "", node }, { phase: "cancelling" });
  }

  private closed(event: ScopeClosed): void {
    const turns = this.at(event)?.turns;
    if (turns === undefined || turns === null) return;
    this.set(event, {
      turns: {
        ...turns,
        active: turns.active - 1,
        succeeded: turns.succeeded + Number(event.status === "succeeded"),
        failed: turns.failed + Number(event.status === "failed"),
      },
    });
  }

  /** A turn whose nodes need not run: what it gave is known. */
  private reused(event: ScopeReused): void {
    const turns = this.at(event)?.turns;
    if (turns === undefined || turns === null) return;
    const succeeded = turns.succeeded + 1;
    this.set(event, { turns: { ...turns, succeeded, reused: turns.reused + 1, counted: true } });
  }

  private added(event: ItemsAdded): void {
    const turns = this.at(event)?.turns;
    if (turns === undefined || turns === null || turns.total === null) return;
    this.set(event, { turns: { ...turns, total: turns.total + event.count } });
  }
}
