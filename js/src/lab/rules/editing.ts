/** A rule that is being written: its draft, what the server says of it, what is wrong in it. */
import type { Words } from "../runs/words";
import type { Trouble } from "../schedules/schedule";
import { bodyOf, type Draft, type Faults } from "./draft";
import type { Checked, Said, Tried } from "./rule";

export interface Editing {
  /** What it was called when it was opened; null for a new one. */
  readonly of: string | null;
  readonly draft: Draft;
  /** Names that other rules have. */
  readonly taken: readonly string[];
  /** What the server says of it; it may be of what was written before. */
  readonly checked: Checked | null;
  readonly current: boolean;
  readonly saving: boolean;
  readonly refused: Trouble | null;
  /** What it would have told; null until that is asked of this very draft. */
  readonly tried: Tried | null;
  /** What became of a word that was sent by this very draft. */
  readonly said: Said | null;
  /** What is being asked. */
  readonly asking: "try" | "say" | null;
}

/** How a draft stands on its way to being saved. */
export interface Standing {
  readonly faults: Faults;
  /** What the server refuses, and no field that is shown is at fault. */
  readonly refused: Trouble | null;
  /** It was asked of this very draft, and would take it. */
  readonly savable: boolean;
}

/**
 * How what is written stands. A fault that is found here goes before one that the server found, and
 * the server's counts only while it is of this draft.
 */
export function standingOf(editing: Editing, trans: Words): Standing {
  const { draft, taken, checked, current, saving } = editing;
  const { errors } = bodyOf(draft, taken, trans);
  const { field, message, hint } = (current ? checked?.refused : null) ?? NOTHING;
  const faults = field === null ? errors : { [field]: message, ...errors };
  const elsewhere = current && checked?.refused && field === null;
  return {
    faults,
    refused: elsewhere ? { message, hint: hint ?? "" } : editing.refused,
    savable: Object.keys(errors).length === 0 && !saving && current && checked?.valid === true,
  };
}

const NOTHING = { field: null, message: "", hint: null };
