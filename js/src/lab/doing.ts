/**
 * Gestures that others ask for, done in the notebook document, each of them once: what a kernel asks
 * for again because it never heard our answer has been done, and is only answered again.
 */
import type { ISharedNotebook } from "@jupyter/ydoc";
import type { NotebookMessage, Patch } from "../protocol/generated";
import type { Follower } from "./follower";
import { perform, refusal } from "./gesture";
import type { History } from "./history";
import { trans } from "./words";

/** How many of those that were done are remembered; a kernel asks for one at a time. */
const REMEMBERED = 32;

export class Doing {
  private before: readonly number[] = [];

  constructor(
    private readonly shared: ISharedNotebook,
    private readonly follower: Follower,
    private readonly history: History,
    private readonly locked: () => string,
    private readonly notify: (message: string) => void,
  ) {}

  /** What was done last, by its numbers. */
  get done(): readonly number[] {
    return this.before;
  }

  /** Do what a kernel asks for, which numbers its gestures. */
  once(patch: Patch): NotebookMessage {
    if (this.before.includes(patch.rid)) return this.applied(patch.rid);
    const answer = this.perform(patch);
    if (answer.type === "APPLIED") this.before = [...this.before, patch.rid].slice(-REMEMBERED);
    return answer;
  }

  perform(patch: Patch): NotebookMessage {
    const { rid } = patch;
    const refused = refusal(this.follower, patch, this.locked());
    if (refused === null) {
      perform(this.shared, this.follower, patch);
      if (!patch.quiet) this.history.name(patch.label);
      return this.applied(rid);
    }
    if (!refused.stale || patch.last)
      this.notify(trans.__("%1 is not in the notebook: %2", patch.label, refused.reason));
    return { type: "REFUSED_PATCH", rid, ...refused, changes: this.follower.take() };
  }

  private applied(rid: number): NotebookMessage {
    return { type: "APPLIED", rid, changes: this.follower.take() };
  }
}
