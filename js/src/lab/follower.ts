/**
 * The cells of a notebook document as the kernel is told them, each with its revision.
 *
 * A revision is a number that a cell gets anew with each change of its text or of what is ours of
 * its metadata, at once; what has changed is kept until somebody takes it. Cells are known by their
 * id: reverting a document replaces every cell object.
 */
import type { CellChange, ISharedCell, ISharedNotebook, NotebookChange } from "@jupyter/ydoc";
import type { CellChanges, CellView } from "../protocol/generated";

/** The keys of a cell's metadata that are the kernel's to change. */
export const OURS: readonly string[] = ["tags", "flowbook"];

/** Those that it knows: what may be done with a cell is the user's to say. */
const KNOWN: readonly string[] = [...OURS, "editable", "deletable"];

interface Known {
  readonly cell: ISharedCell;
  readonly leave: () => void;
  revision: number;
}

export class Follower {
  private readonly known = new Map<string, Known>();
  private readonly pending = new Set<string>();
  private reordered = false;
  private last = 0;
  /** Nothing has changed since cells were first followed. */
  untouched = true;

  constructor(
    private readonly shared: ISharedNotebook,
    private readonly told: () => void,
  ) {
    this.meet();
    shared.changed.connect(this.onNotebook, this);
  }

  /** Every cell, in order; from here on only what differs from it is to be taken. */
  whole(): readonly CellView[] {
    this.pending.clear();
    this.reordered = false;
    return this.now();
  }

  /** Every cell, in order; what is to be taken stays so. */
  now(): readonly CellView[] {
    return this.shared.cells.map((cell) => this.view(cell));
  }

  /** What has changed since the last time. */
  take(): CellChanges {
    const cells = this.shared.cells.filter((cell) => this.pending.has(cell.getId()));
    const order = this.reordered ? this.shared.cells.map((cell) => cell.getId()) : null;
    this.pending.clear();
    this.reordered = false;
    return { cells: cells.map((cell) => this.view(cell)), order };
  }

  get anyPending(): boolean {
    return this.reordered || this.pending.size > 0;
  }

  cell(name: string): ISharedCell | undefined {
    return this.known.get(name)?.cell;
  }

  /** Which state of the cell this is; -1 for one that is not there. */
  revision(name: string): number {
    return this.known.get(name)?.revision ?? -1;
  }

  dispose(): void {
    this.shared.changed.disconnect(this.onNotebook, this);
    for (const one of this.known.values()) one.leave();
    this.known.clear();
  }

  private view(cell: ISharedCell): CellView {
    return {
      cell: cell.getId(),
      kind: cell.cell_type,
      source: cell.getSource(),
      metadata: ours(cell),
      revision: this.revision(cell.getId()),
    };
  }

  private onNotebook(_: ISharedNotebook, change: NotebookChange): void {
    if (change.cellsChange === undefined) return;
    this.meet();
    this.untouched = false;
    this.reordered = true;
    this.told();
  }

  /** Follow the cells that are there now, and no others. */
  private meet(): void {
    const here = new Set(this.shared.cells.map((cell) => cell.getId()));
    for (const [name, one] of this.known) {
      if (here.has(name)) continue;
      one.leave();
      this.known.delete(name);
      this.pending.delete(name);
    }
    for (const cell of this.shared.cells) {
      const name = cell.getId();
      const before = this.known.get(name);
      if (before?.cell === cell) continue;
      before?.leave();
      this.known.set(name, this.follow(name, cell));
      this.pending.add(name);
    }
  }

  private follow(name: string, cell: ISharedCell): Known {
    const onChange = (_: unknown, change: CellChange) => {
      if (change.sourceChange === undefined && !isOurs(change)) return;
      const known = this.known.get(name);
      if (known === undefined) return;
      this.last += 1;
      known.revision = this.last;
      this.untouched = false;
      this.pending.add(name);
      this.told();
    };
    cell.changed.connect(onChange);
    this.last += 1;
    return { cell, leave: () => cell.changed.disconnect(onChange), revision: this.last };
  }
}

function isOurs(change: CellChange): boolean {
  const { metadataChange } = change;
  return metadataChange !== undefined && KNOWN.some((key) => metadataChange.has(key));
}

function ours(cell: ISharedCell): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of KNOWN) {
    const value = cell.getMetadata(key);
    if (value !== undefined) found[key] = value;
  }
  return found;
}
