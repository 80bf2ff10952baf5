/** A schedule that is being written: its draft, what the server says of it, what is wrong in it. */
import type { Words } from "../runs/words";
import { bodyOf, type Draft, type Field } from "./draft";
import type { Checked, Trouble } from "./schedule";

export interface Editing {
  /** What it was called when it was opened; null for a new one. */
  readonly of: string | null;
  readonly draft: Draft;
  /** What the server says of it; it may be of what was written before. */
  readonly checked: Checked | null;
  readonly current: boolean;
  readonly saving: boolean;
  readonly refused: Trouble | null;
}

/** What is at fault in a field, in words. */
export type Faults = Readonly<Partial<Record<Field, string>>>;

/** How a draft stands on its way to being saved. */
export interface Standing {
  readonly faults: Faults;
  /** The server can be asked of it; what it said before is of something like it. */
  readonly sendable: boolean;
  /** It was asked of this very draft, and would take it. */
  readonly savable: boolean;
}

/**
 * How what is written stands. A fault that is found here goes before one that the server found, and
 * the server's counts only while it is of this draft.
 */
export function standingOf(editing: Editing, now: Date, trans: Words): Standing {
  const { draft, checked, current, saving } = editing;
  const { errors } = bodyOf(draft, now, trans);
  const sendable = Object.keys(errors).length === 0;
  return {
    faults: { ...(current ? refusedBy(checked) : {}), ...errors },
    sendable,
    savable: sendable && !saving && current && checked?.valid === true,
  };
}

/** The one field that the server refuses, where it is one. */
function refusedBy(checked: Checked | null): Faults {
  const { field, message, hint } = checked?.refused ?? { field: null };
  return field === null ? {} : { [field]: [message, hint].filter(Boolean).join(" ") };
}
