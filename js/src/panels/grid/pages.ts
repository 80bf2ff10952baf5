/** The rows of one table as far as they were looked at: asked for in blocks, when they are seen. */
import type { AskPage, GridColumn, Page, TablePreview } from "../../protocol/generated";

export type Cell = string | number | boolean | null;
export type Row = readonly Cell[];
/** Where a table is, and which side of the port. */
export interface Source {
  readonly node: string;
  readonly port: string;
  readonly side: "in" | "out";
  /** In which turn of a container; empty outside of all. */
  readonly scope: string;
}
export type Ask = (question: Omit<AskPage, "view" | "rid">) => Promise<Page>;

export interface Order {
  readonly sort: number;
  readonly descending: boolean;
  readonly find: string;
  /** The column that is searched, -1 for all. */
  readonly column: number;
}

export const AS_IT_LIES: Order = { sort: -1, descending: false, find: "", column: -1 };
export const BLOCK = 100;
/** Blocks that are kept; those longest ago go. */
const MOST = 60;
/** Rows that are copied at most. */
export const MOST_COPIED = 10_000;

export interface Known {
  readonly columns: readonly GridColumn[];
  /** Rows that were found, rows in all, columns in all. */
  readonly total: number;
  readonly of: number;
  readonly width: number;
  readonly order: Order;
  readonly asking: boolean;
  /** Why there are no more rows. */
  readonly note: string;
}

interface Block {
  readonly rows: readonly Row[];
  readonly at: readonly number[];
}

export class Pages {
  known: Known;
  private blocks = new Map<number, Block>();
  private underWay = new Set<number>();
  private seen: readonly [number, number] = [0, 1];
  private round = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly source: Source,
    private readonly ask: Ask,
    preview: TablePreview,
  ) {
    const columns = preview.columns.map((one) => ({ ...one, nulls: null }));
    const { total, width, rows } = preview;
    const note = "";
    this.known = { columns, total, of: total, width, order: AS_IT_LIES, asking: false, note };
    this.blocks.set(0, { rows, at: rows.map((_, i) => i) });
    void this.load(0);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): Known => this.known;

  /** A row as it is shown, undefined until it is there. */
  row(index: number): Row | undefined {
    return this.blocks.get(Math.floor(index / BLOCK))?.rows[index % BLOCK];
  }

  /** Where a row lies in the table, whatever the order. */
  lies(index: number): number | undefined {
    return this.blocks.get(Math.floor(index / BLOCK))?.at[index % BLOCK];
  }

  /** These rows are in sight: ask for what is not there. */
  look(first: number, count: number): void {
    const last = Math.min(first + count, this.known.total) - 1;
    this.seen = [Math.floor(first / BLOCK), Math.floor(Math.max(first, last) / BLOCK)];
    for (let block = this.seen[0]; block <= this.seen[1]; block++)
      if (!this.whole(block)) void this.load(block);
  }

  /** Another order: everything is asked for anew. */
  arrange(order: Partial<Order>): void {
    this.round += 1;
    this.underWay.clear();
    this.blocks.clear();
    this.tell({ order: { ...this.known.order, ...order }, note: "" });
    void this.load(0);
  }

  /** Rows and columns as text, tabs between cells; asks for rows that are not there. */
  async text(top: number, bottom: number, left: number, right: number): Promise<string> {
    const last = Math.min(bottom, top + MOST_COPIED - 1, this.known.total - 1);
    const lines: string[] = [];
    for (let index = top; index <= last; index++) {
      const block = Math.floor(index / BLOCK);
      if (this.row(index) === undefined) await this.load(block);
      const row = this.row(index);
      if (row === undefined) break;
      lines.push(
        row
          .slice(left, right + 1)
          .map(copied)
          .join("\t"),
      );
    }
    return lines.join("\n");
  }

  private whole(block: number): boolean {
    const wanted = Math.min(BLOCK, this.known.total - block * BLOCK);
    return (this.blocks.get(block)?.rows.length ?? 0) >= wanted;
  }

  private async load(block: number): Promise<void> {
    if (this.underWay.has(block)) return;
    this.underWay.add(block);
    this.tell({ asking: true });
    const { round } = this;
    const held = this.known.columns.some((one) => one.nulls !== null)
      ? (this.blocks.get(block)?.rows.length ?? 0)
      : 0;
    try {
      const { order } = this.known;
      const start = block * BLOCK + held;
      const page = await this.ask({
        type: "PAGE",
        ...this.source,
        ...order,
        start,
        count: BLOCK - held,
      });
      if (round === this.round) this.take(page, block, held);
    } catch (failure) {
      if (round === this.round)
        this.tell({ note: failure instanceof Error ? failure.message : String(failure) });
    }
    if (round !== this.round) return;
    this.underWay.delete(block);
    this.tell({ asking: this.underWay.size > 0 });
  }

  private take(page: Page, block: number, held: number): void {
    if (page.none !== "") {
      this.tell({ note: page.none });
      return;
    }
    const before = this.blocks.get(block);
    this.blocks.delete(block);
    this.blocks.set(block, {
      rows: [...(before?.rows.slice(0, held) ?? []), ...page.rows],
      at: [...(before?.at.slice(0, held) ?? []), ...page.at],
    });
    for (const old of this.blocks.keys()) {
      if (this.blocks.size <= MOST) break;
      if (old < this.seen[0] || old > this.seen[1]) this.blocks.delete(old);
    }
    const { columns, total, of, width } = page;
    this.tell({ columns, total, of, width, note: "" });
  }

  private tell(change: Partial<Known>): void {
    this.known = { ...this.known, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}

function copied(cell: Cell): string {
  return cell === null ? "" : String(cell).replaceAll(/[\t\n\r]+/g, " ");
}
