/**
 * A gesture of the kernel, done in the notebook document: all of it or nothing.
 *
 * It is one step of undo, whatever it changes: the notebook's own transaction is around it, whose
 * origin decides over those of cells inside, and capturing is stopped before and behind it so that
 * nothing merges with it. What is quiet is no step: the inline canvas has its own for places of nodes.
 * Cells are never moved: a move would be a clone, and the clone has no outputs and no undo.
 */
import type { ISharedCell, ISharedNotebook, SharedCell } from "@jupyter/ydoc";
import type { PartialJSONObject } from "@lumino/coreutils";
import type { CellView, Patch, PatchView } from "../protocol/generated";
import { type Follower, OURS } from "./follower";
import { undoManager } from "./history";
import { trans } from "./words";

export interface Refusal {
  readonly reason: string;
  /** It may be made again from the cells as they are. */
  readonly stale: boolean;
}

/** Why the gesture cannot be done now; null when it can. */
export function refusal(follower: Follower, patch: Patch, locked: string): Refusal | null {
  if (locked !== "") return { reason: locked, stale: false };
  for (const one of patch.patches) {
    if (one.type === "INSERT_CELL") {
      if (one.after !== null && follower.cell(one.after) === undefined)
        return { reason: trans.__("cell %1 is not there any more", one.after), stale: true };
      continue;
    }
    const cell = follower.cell(one.cell);
    if (cell === undefined)
      return { reason: trans.__("cell %1 is not there any more", one.cell), stale: true };
    const locked = lock(one, cell);
    if (locked !== null) return { reason: locked, stale: false };
    if (follower.revision(one.cell) !== one.revision)
      return { reason: trans.__("cell %1 was changed meanwhile", one.cell), stale: true };
  }
  return null;
}

function lock(patch: PatchView, cell: ISharedCell): string | null {
  if (patch.type === "REPLACE_SOURCE" && cell.getMetadata("editable") === false)
    return trans.__("cell %1 is read-only", patch.cell);
  if (patch.type === "DELETE_CELL" && cell.getMetadata("deletable") === false)
    return trans.__("cell %1 is not to be deleted", patch.cell);
  return null;
}

/** Do it; `refusal` has been asked. */
export function perform(shared: ISharedNotebook, follower: Follower, patch: Patch): void {
  const undoing = undoManager(shared);
  if (!patch.quiet) undoing?.stopCapturing();
  shared.transact(() => {
    for (const one of patch.patches) {
      if (one.type === "REPLACE_SOURCE") replaceSource(follower.cell(one.cell), one.source);
      if (one.type === "SET_METADATA") setOurs(follower.cell(one.cell), one.metadata);
    }
    restructure(shared, patch.patches);
  }, !patch.quiet);
  if (!patch.quiet) undoing?.stopCapturing();
}

/** Insertions and deletions, by an order of our own: the document's is stale in a transaction. */
function restructure(shared: ISharedNotebook, patches: readonly PatchView[]): void {
  const order = shared.cells.map((cell) => cell.getId());
  for (const one of patches) {
    if (one.type === "DELETE_CELL") {
      const index = order.indexOf(one.cell);
      order.splice(index, 1);
      shared.deleteCell(index);
    } else if (one.type === "INSERT_CELL") {
      const index = one.after === null ? 0 : order.indexOf(one.after) + 1;
      order.splice(index, 0, one.cell.cell);
      shared.insertCell(index, made(one.cell));
    }
  }
}

function made(cell: CellView): SharedCell.Cell {
  const metadata = { ...cell.metadata } as PartialJSONObject;
  const own = { id: cell.cell, source: cell.source, metadata };
  if (cell.kind !== "code") return { cell_type: cell.kind, ...own };
  return { cell_type: "code", ...own, execution_count: null, outputs: [] };
}

/** Only what differs, so that the cursor stays in its place. */
function replaceSource(cell: ISharedCell | undefined, source: string): void {
  if (cell === undefined) return;
  const now = cell.getSource();
  const most = Math.min(now.length, source.length);
  let head = 0;
  while (head < most && now[head] === source[head]) head += 1;
  let tail = 0;
  while (tail < most - head && now[now.length - 1 - tail] === source[source.length - 1 - tail])
    tail += 1;
  if (head + tail === now.length && now.length === source.length) return;
  cell.updateSource(head, now.length - tail, source.slice(head, source.length - tail));
}

function setOurs(cell: ISharedCell | undefined, metadata: Readonly<Record<string, unknown>>): void {
  if (cell === undefined) return;
  for (const key of OURS) {
    if (metadata[key] === undefined) cell.deleteMetadata(key);
    else cell.setMetadata(key, metadata[key] as PartialJSONObject);
  }
}
