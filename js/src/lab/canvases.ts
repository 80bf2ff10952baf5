/**
 * The canvases of one document, and the ways between them and whoever answers: a kernel, or the
 * server while there is none. What is told is told to all; who was asked sorts out by `view`.
 */
import type { IDisposable } from "@lumino/disposable";
import type { FlowView, ViewMessage } from "../protocol/generated";
import type { Transport, Undoing } from "../protocol/handle";

type Ask = (message: ViewMessage) => void;

export interface CanvasWay extends Transport, IDisposable {}

export class Canvases {
  private readonly ways = new Set<Way>();
  private readonly cells = new Map<string, string>();
  private readonly nodes = new Map<string, string>();

  /** `left` is called when the last one goes. */
  constructor(
    private readonly ask: Ask,
    private readonly undoing: Undoing,
    private readonly left: () => void,
  ) {}

  get any(): boolean {
    return this.ways.size > 0;
  }

  add(): CanvasWay {
    const way = new Way(this.ask, this.undoing, () => {
      if (this.ways.delete(way) && !this.any) this.left();
    });
    this.ways.add(way);
    return way;
  }

  tell(content: unknown): void {
    const { type, flow } = content as { readonly type: string; readonly flow?: FlowView };
    if (type === "SNAPSHOT" && flow !== undefined) this.learn(flow);
    for (const way of [...this.ways]) way.hear(content);
  }

  cellOf(node: string): string | null {
    return this.cells.get(node) ?? null;
  }

  /** The node of a cell: the one that is written there itself, not one inside of it. */
  nodeOf(cell: string): string | null {
    return this.nodes.get(cell) ?? null;
  }

  private learn(flow: FlowView): void {
    this.cells.clear();
    this.nodes.clear();
    for (const { name, cell } of flow.nodes) {
      if (cell === null) continue;
      this.cells.set(name, cell);
      if (!this.nodes.has(cell)) this.nodes.set(cell, name);
    }
  }

  /** Somebody answers from now on, so greet them; or nobody is reached. */
  greet(live = true): void {
    for (const way of [...this.ways]) way.turn(live);
  }
}

class Way implements CanvasWay {
  private readonly hearers: Array<(content: unknown) => void> = [];
  private readonly links: Array<(live: boolean) => void> = [];
  isDisposed = false;

  constructor(
    private readonly ask: Ask,
    readonly undoing: Undoing,
    private readonly leave: () => void,
  ) {}

  send(message: ViewMessage): void {
    if (!this.isDisposed) this.ask(message);
  }

  opening(): unknown {
    return null;
  }

  onMessage(callback: (content: unknown) => void): void {
    this.hearers.push(callback);
  }

  onLink(callback: (live: boolean) => void): void {
    this.links.push(callback);
  }

  hear(content: unknown): void {
    for (const hearer of this.hearers) hearer(content);
  }

  turn(live: boolean): void {
    for (const one of this.links) one(live);
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.hearers.length = 0;
    this.links.length = 0;
    this.leave();
  }
}
