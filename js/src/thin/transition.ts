/**
 * What the canvas needs of d3-transition, which stands for it in the bundle: moving a view smoothly
 * to where it is to be. The whole of it, with colours, timers and a scheduler, is as large as all
 * our panels; see docs/adr/0013.
 */
import { type Selection, selection } from "d3-selection";

type Step = (t: number) => void;
type Listener = (this: Element, ...args: unknown[]) => void;
type All = Selection<Element, unknown, null, undefined>;

const USUAL_MS = 250;
const going = new WeakMap<Element, () => void>();

/** Let a view stay where it is now. */
export function interrupt(node: Element): void {
  going.get(node)?.();
}

class Transition {
  private ms = USUAL_MS;
  private curve: (t: number) => number = (t) => t;
  private readonly heard: Array<readonly [name: string, listener: Listener]> = [];

  constructor(private readonly all: All) {}

  selection(): All {
    return this.all;
  }

  duration(ms: number): this {
    this.ms = ms;
    return this;
  }

  ease(curve: (t: number) => number): this {
    this.curve = curve;
    return this;
  }

  /** `names` as `start.zoom` or `interrupt.zoom end.zoom`. */
  on(names: string, listener: Listener): this {
    for (const name of names.split(/\s+/)) this.heard.push([name.split(".")[0] ?? "", listener]);
    return this;
  }

  call(made: (transition: this, ...args: unknown[]) => void, ...args: unknown[]): this {
    made(this, ...args);
    return this;
  }

  /** Begin: `make` gives the step of each element, which is called with 0 to 1. */
  tween(_name: string, make: (this: Element, ...args: unknown[]) => Step): this {
    const { curve, heard, ms } = this;
    this.all.each(function (...args: unknown[]) {
      interrupt(this);
      const tell = (name: string) => {
        for (const [one, listener] of heard) if (one === name) listener.apply(this, args);
      };
      tell("start");
      run(make.apply(this, args), { node: this, ms, curve, tell });
    });
    return this;
  }
}

interface Run {
  readonly node: Element;
  readonly ms: number;
  readonly curve: (t: number) => number;
  readonly tell: (name: string) => void;
}

function run(step: Step, { node, ms, curve, tell }: Run): void {
  let begun: number | null = null;
  let frame = 0;
  const stop = (name: string) => {
    cancelAnimationFrame(frame);
    going.delete(node);
    tell(name);
  };
  const next = (now: number) => {
    begun ??= now;
    const t = Math.min(1, (now - begun) / ms);
    step(t === 1 ? 1 : curve(t));
    if (t === 1) stop("end");
    else frame = requestAnimationFrame(next);
  };
  going.set(node, () => stop("interrupt"));
  frame = requestAnimationFrame(next);
}

Object.assign(selection.prototype, {
  interrupt(this: All): All {
    return this.each(function () {
      interrupt(this);
    });
  },
  transition(this: All): Transition {
    return new Transition(this);
  },
});
