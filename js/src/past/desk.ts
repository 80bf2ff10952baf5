/**
 * The time of one run, for one view: which moment is looked at, what is played, which events are
 * listed. It gives the store the run as it stood; whatever is drawn follows that.
 */
import type { Editor } from "../editor/editor";
import type { Tape } from "../host/tape";
import type { RunState } from "../model/run";
import { copied } from "../model/turns";
import type { Event } from "../protocol/generated";
import type { Scale } from "./model/axis";
import { History } from "./model/history";
import { type Playing, played, playingFrom, type Speed } from "./model/playing";
import { ALL, type Sieve } from "./model/sifting";
import { boundary, countOf } from "./model/stops";

export interface PastState {
  /** So many of the events have happened. */
  readonly count: number;
  /** How many there are by now. */
  readonly length: number;
  readonly playing: Speed | null;
  readonly scale: Scale;
  readonly sieve: Sieve;
  /** Only events of the selected nodes are listed. */
  readonly ofSelected: boolean;
  readonly side: "events" | "branches" | null;
  readonly trace: "chart" | "table" | null;
  /** What is asked in a window. */
  readonly asking: "replay" | "restore" | "delete" | null;
}

/** Between two steps where motion is to be reduced. */
const CALM_MS = 1000;

export class PastDesk {
  private current: PastState = {
    ...{ count: 0, length: 0, playing: null, scale: "time", sieve: ALL, ofSelected: false },
    ...{ side: "events", trace: null, asking: null },
  };
  private readonly history = new History();
  private readonly listeners = new Set<() => void>();
  private stopPlaying: () => void = () => {};
  private preparing = false;

  constructor(
    private readonly editor: Editor,
    private readonly tape: Tape,
  ) {
    tape.subscribe(() => this.grow());
    this.grow();
  }

  get state(): PastState {
    return this.current;
  }

  get events(): readonly Event[] {
    return this.tape.events;
  }

  /** Everything that has happened is shown, and what comes. */
  get isNow(): boolean {
    return this.tape.held === null;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  change(change: Partial<PastState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  /** Show the run after its first `count` events. */
  to(count: number): void {
    const { store } = this.editor;
    const { length } = this.events;
    const next = Math.max(Math.min(1, length), Math.min(length, Math.round(count)));
    if (next === this.current.count && this.isNow === next >= length) return;
    const run = this.history.at(next);
    const last = this.events[next - 1];
    if (next >= length || last === undefined) {
      this.tape.held = null;
      store.change({ run: thawed(run), moment: null });
    } else {
      this.tape.held = next;
      store.change({ run, moment: { seq: last.seq, at: last.at } });
    }
    this.change({ count: next });
  }

  /** Show the run as it was when this event, by its number, had happened. */
  toSeq(seq: number): void {
    this.to(countOf(this.events, seq));
  }

  step(by: number): void {
    this.pause();
    this.to(this.current.count + by);
  }

  /** To where the next node begins or is over, or back. */
  leap(by: 1 | -1): void {
    this.pause();
    this.to(boundary(this.events, this.current.count, by));
  }

  go(count: number): void {
    this.pause();
    this.to(count);
  }

  pause(): void {
    this.stopPlaying();
    if (this.current.playing !== null) this.change({ playing: null });
  }

  /** Play on from here; from the start where one is at the end. */
  play(speed: Speed): void {
    this.stopPlaying();
    if (this.isNow) this.to(1);
    this.change({ playing: speed });
    this.stopPlaying = prefersCalm() ? this.playCalmly(speed) : this.playOn(speed);
  }

  close(): void {
    this.stopPlaying();
    this.listeners.clear();
  }

  private playOn(speed: Speed): () => void {
    const { scale } = this.current;
    let at: Playing = playingFrom(this.events, this.current.count, scale);
    let before = performance.now();
    let frame = 0;
    const step = (now: number) => {
      const seconds = Math.max(0, now - before) / 1000;
      before = now;
      at = played(this.events, at, seconds, speed, scale);
      this.to(at.count);
      if (this.isNow) this.pause();
      else frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }

  /** From node to node, with time to look. */
  private playCalmly(speed: Speed): () => void {
    const timer = setInterval(() => {
      this.to(boundary(this.events, this.current.count, 1));
      if (this.isNow) this.pause();
    }, CALM_MS / Math.sqrt(speed));
    return () => clearInterval(timer);
  }

  private grow(): void {
    const { events } = this;
    this.history.tell(events);
    const { length } = events;
    const held = this.tape.held;
    this.change({ length, count: held === null ? length : Math.min(held, length) });
    this.prepareSoon();
  }

  /** Make states to go back to while nobody waits for anything. */
  private prepareSoon(): void {
    if (this.preparing) return;
    this.preparing = true;
    const some = () => {
      this.preparing = this.history.prepare();
      if (this.preparing) setTimeout(some);
    };
    setTimeout(some);
  }
}

/** A run that the store may go on from in place, while the history keeps its own. */
function thawed(run: RunState | null): RunState | null {
  if (run === null) return null;
  return { ...run, scopes: new Map([...run.scopes].map(([path, one]) => [path, copied(one)])) };
}

function prefersCalm(): boolean {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}

const desks = new WeakMap<Editor, PastDesk>();

/** The one of this view. */
export function deskOf(editor: Editor): PastDesk {
  const found = desks.get(editor);
  if (found !== undefined) return found;
  const { tape } = editor.session;
  if (tape === null) throw new Error("this is no page of a recorded run");
  const made = new PastDesk(editor, tape);
  desks.set(editor, made);
  return made;
}
