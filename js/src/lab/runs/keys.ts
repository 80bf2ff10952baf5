/** What keys do in the list that are no commands: they move. */
import { all, moved, none, type Selection, type Way } from "./selection";

export interface Key {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** The selection after a key; null when the key is none of ours. `page`: rows in view. */
export function pressed(
  selection: Selection,
  ids: readonly string[],
  page: number,
  { key, shiftKey, ctrlKey, metaKey, altKey }: Key,
): Selection | null {
  if (altKey) return null;
  const ctrl = ctrlKey || metaKey;
  if (ctrl && key.toLowerCase() === "a") return all(selection, ids);
  const by = STEPS[key];
  if (by !== undefined) {
    const way: Way = shiftKey ? "range" : ctrl ? "move" : "plain";
    return moved(selection, ids, by * (Math.abs(by) === PAGE ? page / PAGE : 1), way);
  }
  if (key === " " && selection.active !== null)
    return moved(selection, ids, 0, shiftKey ? "range" : "toggle");
  if (key === "Escape" && selection.chosen.size > 1) return none(selection);
  return null;
}

const PAGE = 1_000;
const STEPS: Readonly<Record<string, number>> = {
  ArrowUp: -1,
  ArrowDown: 1,
  PageUp: -PAGE,
  PageDown: PAGE,
  Home: -1e9,
  End: 1e9,
};
