/**
 * What one view does with a flow beyond looking at it: the selection, what is open beside the
 * canvas, and every change that is asked for. It knows no React and no DOM.
 *
 * It never changes the flow itself. It asks; the answer is a new definition like anybody else's.
 */
import { type Answer, type Question, RefusedQuestion, type Session } from "../host/session";
import type { Store } from "../model/store";
import type {
  EdgeView,
  EditMessage,
  FlowView,
  KindView,
  NodeView,
  Place,
} from "../protocol/generated";
import type { Overlay } from "../protocol/overlay";
import type { RunPage } from "../protocol/runPage";
import type { Dialog } from "./dialog";
import { NOWHERE, type Surface } from "./surface";

/** What is open at the left of the canvas. */
export type Drawer = "palette" | "outline";

export interface EditorState {
  /** Selected nodes, by name. */
  readonly nodes: ReadonlySet<string>;
  /** Selected edges, as `edgeName` has them. */
  readonly edges: ReadonlySet<string>;
  /** The node whose details are shown. */
  readonly open: string | null;
  /** The settings of the flow are shown where no node's details are. */
  readonly settings: boolean;
  readonly drawer: Drawer | null;
  readonly problems: boolean;
  /** What is laid over the flow besides how it stands. */
  readonly overlay: Overlay | null;
  /** How much went along each edge is written beside it. */
  readonly edgeLabels: boolean;
  readonly dialog: Dialog | null;
  /** Nodes that a search found; null: none is looked for. */
  readonly hits: ReadonlySet<string> | null;
  /** What nodes are filtered by, as `model/sieve` has it. */
  readonly chips: ReadonlySet<string>;
  /** Nodes that stand out, as found by the search and the filter; null: all alike. */
  readonly found: ReadonlySet<string> | null;
  /** The kinds there are to add; null until they were asked for. */
  readonly kinds: readonly KindView[] | null;
  /** Said to screen readers: what was just done. */
  readonly said: string;
  /** What else one should know of what was just done, shown until one has seen it. */
  readonly note: string;
  /** A node to bring into view, and how often that was asked. */
  readonly reveal: { readonly node: string; readonly times: number } | null;
  /** Containers that somebody closed (true) or opened. */
  readonly folded: Readonly<Record<string, boolean>>;
}

const START: EditorState = {
  nodes: new Set(),
  edges: new Set(),
  open: null,
  settings: false,
  drawer: null,
  problems: false,
  overlay: null,
  edgeLabels: true,
  dialog: null,
  hits: null,
  chips: new Set(),
  found: null,
  kinds: null,
  said: "",
  note: "",
  reveal: null,
  folded: {},
};

const NONE: readonly never[] = [];

export function edgeName(edge: EdgeView): string {
  return `${edge.source}.${edge.output}>${edge.target}.${edge.input}`;
}

export class Editor {
  private current = START;
  private readonly listeners = new Set<() => void>();
  /** Somebody wants to see a node's cell, at a line of it, from 1, if one is meant. */
  readonly goToCell = new Set<(cell: string, node: string, line?: number) => void>();
  /** A notebook was made, by its path from the folder of this one on. */
  readonly made = new Set<(path: string) => void>();
  /** What is in the middle of what one sees, in the flow's own pixels; null before it is drawn. */
  centre: () => { readonly x: number; readonly y: number } | null = () => null;

  /** The canvas, while there is one. */
  surface: Surface = NOWHERE;

  constructor(
    readonly session: Session,
    /** The page is the canvas: the wheel moves it. In a cell it scrolls the notebook. */
    readonly whole = false,
  ) {}

  get store(): Store {
    return this.session.store;
  }

  get state(): EditorState {
    return this.current;
  }

  get flow(): FlowView | null {
    return this.store.state.flow;
  }

  /** Nobody answers: what is shown is a copy, and nothing is offered that would be asked. */
  get still(): boolean {
    return this.session.transport.still === true;
  }

  /** It is only looked at: a copy, or a run as it was. */
  get looks(): boolean {
    return this.still || this.page !== undefined;
  }

  /** The page of a recorded run, where this is one. */
  get page(): RunPage | undefined {
    return this.session.transport.page;
  }

  /** Show when the flow runs by itself; null where the host has no place for that. */
  get schedule(): ((flow: string) => void) | null {
    const { transport } = this.session;
    return transport.schedule === undefined ? null : (flow) => transport.schedule?.(flow);
  }

  /** Show who is told of the flow's runs; null where the host has no place for that. */
  get notify(): ((flow: string) => void) | null {
    const { transport } = this.session;
    return transport.notify === undefined ? null : (flow) => transport.notify?.(flow);
  }

  /** Why the flow cannot be changed from here; empty when it can. */
  get locked(): string {
    return this.flow?.locked ?? "there is no flow yet";
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  change(change: Partial<EditorState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  // ---------------------------------------------------------------- selection

  node(name: string): NodeView | undefined {
    return this.flow?.nodes.find((one) => one.name === name);
  }

  /** The selected nodes that are there, in the order of the flow. */
  selected(): readonly NodeView[] {
    if (this.current.nodes.size === 0) return NONE;
    return this.flow?.nodes.filter((one) => this.current.nodes.has(one.name)) ?? NONE;
  }

  selectedEdges(): readonly EdgeView[] {
    if (this.current.edges.size === 0) return NONE;
    return this.flow?.edges.filter((one) => this.current.edges.has(edgeName(one))) ?? NONE;
  }

  select(nodes: Iterable<string>, edges: Iterable<string> = []): void {
    const next = { nodes: new Set(nodes), edges: new Set(edges) };
    if (same(next.nodes, this.current.nodes) && same(next.edges, this.current.edges)) return;
    const only = next.nodes.size === 1 ? [...next.nodes][0] : undefined;
    const open = this.current.open === null ? null : (only ?? this.current.open);
    this.change({ ...next, open });
  }

  reveal(node: string): void {
    this.select([node]);
    this.change({ reveal: { node, times: (this.current.reveal?.times ?? 0) + 1 } });
  }

  say(said: string): void {
    this.change({ said });
  }

  // ---------------------------------------------------------------- asking

  /** Ask for a change; what was refused is shown to the user, and null comes back. */
  async do(question: Question): Promise<Extract<Answer, { type: "EDITED" }> | null> {
    const done = await this.ask<"EDITED">(question);
    if (done !== null) this.report(done);
    return done;
  }

  /** Ask for anything; what was refused is shown to the user, and null comes back. */
  async ask<A extends Answer["type"]>(
    question: Question,
  ): Promise<Extract<Answer, { type: A }> | null> {
    try {
      return await this.session.request<A>(question);
    } catch (failure) {
      if (!(failure instanceof RefusedQuestion)) throw failure;
      this.store.change({ refused: failure.refused });
      return null;
    }
  }

  /** Ask for a change; what was refused comes back in words instead of being shown. */
  async refusal(question: Question): Promise<string> {
    try {
      this.report(await this.session.request<"EDITED">(question));
      return "";
    } catch (failure) {
      if (!(failure instanceof RefusedQuestion)) throw failure;
      const { message, hint } = failure.refused;
      return hint ? `${message}${message.endsWith(".") ? "" : ":"} ${hint}` : message;
    }
  }

  /** Tell what was done: what to call it, what else came of it, a notebook that was made. */
  private report({ label, note, path }: Extract<Answer, { type: "EDITED" }>): void {
    const said = path === null ? label : `${label}: ${path}`;
    this.change({ said: note === "" ? said : `${said}. ${note}`, note });
    if (path !== null) for (const made of [...this.made]) made(path);
  }

  /** Nodes were put elsewhere, as one step of undo. */
  move(positions: Readonly<Record<string, Place>>): void {
    const names = Object.keys(positions);
    if (names.length === 0) return;
    this.session.move(positions);
    this.say(`Moved ${names.length === 1 ? names[0] : `${names.length} nodes`}`);
  }

  edit(edit: EditMessage): Promise<Extract<Answer, { type: "EDITED" }> | null> {
    return this.do({ type: "EDIT", edit });
  }

  undo(): void {
    const { undoing } = this.session.transport;
    if (undoing !== undefined) undoing.undo();
    else void this.do({ type: "UNDO" });
  }

  redo(): void {
    const { undoing } = this.session.transport;
    if (undoing !== undefined) undoing.redo();
    else void this.do({ type: "REDO" });
  }
}

function same(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((name) => other.has(name));
}
