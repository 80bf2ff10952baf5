/**
 * A run at any moment: the fold of its first events, made from the nearest of a few states that are
 * kept on the way, so that going to and fro is as quick in a long run as in a short one.
 */
import { foldOn } from "../../model/fold";
import type { RunState } from "../../model/run";
import type { Event } from "../../protocol/generated";

/** A state is kept after so many events each. */
export const EVERY = 256;

export class History {
  private all: readonly Event[] = [];
  /** The states after 0, EVERY, 2 * EVERY … events, as far as anybody went. */
  private readonly kept: Array<RunState | null> = [null];
  private last: { readonly count: number; readonly run: RunState | null } = { count: 0, run: null };

  get events(): readonly Event[] {
    return this.all;
  }

  get length(): number {
    return this.all.length;
  }

  /** Other events; what was kept stays where these only go on from those before. */
  tell(events: readonly Event[]): void {
    const before = this.all;
    this.all = events;
    const last = before.length - 1;
    if (last < 0 || same(before[0], events[0], before[last], events[last])) return;
    this.kept.length = 1;
    this.last = { count: 0, run: null };
  }

  /** The run after its first `count` events; null before the first. It is never changed later. */
  at(count: number): RunState | null {
    const wanted = Math.max(0, Math.min(count, this.all.length));
    const { last } = this;
    const block = Math.floor(wanted / EVERY);
    const near = last.count <= wanted && last.count >= block * EVERY;
    const from = near ? last : { count: block * EVERY, run: this.mark(block) };
    const run = foldOn(from.run, this.all.slice(from.count, wanted));
    this.last = { count: wanted, run };
    return run;
  }

  /** Keep the states up to here, a few at a time; true while there is more to do. */
  prepare(blocks = 1): boolean {
    const whole = Math.floor(this.all.length / EVERY);
    this.mark(Math.min(whole, this.kept.length - 1 + blocks));
    return this.kept.length <= whole;
  }

  private mark(block: number): RunState | null {
    while (this.kept.length <= block) {
      const from = (this.kept.length - 1) * EVERY;
      const some = this.all.slice(from, from + EVERY);
      this.kept.push(foldOn(this.kept.at(-1) ?? null, some));
    }
    return this.kept[block] ?? null;
  }
}

function same(first: Event | undefined, now: Event | undefined, last?: Event, then?: Event) {
  return first?.run === now?.run && first?.seq === now?.seq && last?.seq === then?.seq;
}
