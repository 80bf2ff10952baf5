/**
 * The one mutable cell: the current `CanvasState`, and who wants to hear of it.
 *
 * Listeners are told at most once per frame however many messages came in between. What a frame
 * is, is given: `requestAnimationFrame` in a page, a function call in a test.
 */
import type { KernelMessage } from "../protocol/generated";
import { type CanvasState, INITIAL, reduce } from "./state";

export type NextFrame = (callback: () => void) => void;
export type Unsubscribe = () => void;

export class Store {
  private current: CanvasState = INITIAL;
  private readonly listeners = new Set<() => void>();
  private pending = false;

  constructor(
    private readonly nextFrame: NextFrame,
    private readonly clock: () => number,
  ) {}

  get state(): CanvasState {
    return this.current;
  }

  /** Seconds since the epoch, by the kernel's clock as far as it is known; then, in the past. */
  now(): number {
    return this.current.moment?.at ?? this.clock() - (this.current.skew ?? 0);
  }

  receive(message: KernelMessage): void {
    this.put(reduce(this.current, message, this.clock()));
  }

  change(change: Partial<CanvasState>): void {
    this.put({ ...this.current, ...change });
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private put(next: CanvasState): void {
    if (next === this.current) return;
    this.current = next;
    if (this.pending) return;
    this.pending = true;
    this.nextFrame(() => {
      this.pending = false;
      for (const listener of [...this.listeners]) listener();
    });
  }
}
