/** The log of one node as far as it was looked at: its end first, the rest when it comes into sight. */
import { EVERY, type Wanted } from "../../model/logLines";
import type { AskLines, Lines, LogLine } from "../../protocol/generated";

/** Whose lines, and as of which event; null for all that there are. */
export interface LogSource {
  readonly node: string;
  /** In which turn of a container; empty outside of all. */
  readonly scope: string;
  readonly until: number | null;
}
export type AskForLines = (question: Omit<AskLines, "view" | "rid">) => Promise<Lines>;

export interface KnownLog {
  /** Lines that are wanted, and lines in all; null until it is known. */
  readonly total: number | null;
  readonly of: number;
  readonly asking: boolean;
  /** Why there are no more lines. */
  readonly note: string;
}

export const BLOCK = 200;
/** Lines that are kept; those that are far from what is seen go. */
const MOST = 10_000;
/** Lines that are copied at most. */
export const MOST_COPIED = 20_000;

export class LogPages {
  known: KnownLog = { total: null, of: 0, asking: false, note: "" };
  private wanted: Wanted = EVERY;
  private readonly lines = new Map<number, LogLine>();
  private readonly underWay = new Set<number | null>();
  private round = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly source: LogSource,
    private readonly ask: AskForLines,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): KnownLog => this.known;

  /** A line of those that are wanted, undefined until it is there. */
  line(index: number): LogLine | undefined {
    return this.lines.get(index);
  }

  /** The end as it is by now. */
  renew(): void {
    void this.load(null);
  }

  /** Other lines are wanted: everything is asked for anew, from the end. */
  want(wanted: Wanted): void {
    this.wanted = wanted;
    this.round += 1;
    this.underWay.clear();
    this.lines.clear();
    this.tell({ total: null, note: "" });
    this.renew();
  }

  /** These lines are in sight: ask for what is not there. */
  look(first: number, count: number): void {
    if (this.known.note !== "") return; // whoever did not answer is asked again when told to
    const last = Math.min(first + count, this.known.total ?? 0) - 1;
    for (let index = first; index <= last; index++)
      if (!this.lines.has(index)) void this.load(Math.floor(index / BLOCK));
    if (this.lines.size <= MOST) return;
    for (const index of this.lines.keys())
      if (Math.abs(index - first) > MOST / 4) this.lines.delete(index);
  }

  /** The wanted lines as text, the last ones where they are too many, and how many they are. */
  async text(): Promise<readonly [string, number]> {
    const parts: string[] = [];
    const { total } = this.known;
    const end = total ?? 0;
    for (let start = Math.max(0, end - MOST_COPIED); start < end; start += 5 * BLOCK) {
      const { lines } = await this.ask(this.question(start, Math.min(5 * BLOCK, end - start)));
      parts.push(...lines.map((line) => line.text.replace(/\n$/, "")));
    }
    return [parts.join("\n"), parts.length];
  }

  private question(start: number | null, count = BLOCK) {
    return { type: "LINES", ...this.source, ...this.wanted, start, count } as const;
  }

  private async load(block: number | null): Promise<void> {
    if (this.underWay.has(block)) return;
    this.underWay.add(block);
    this.tell({ asking: true });
    const { round } = this;
    let change: Partial<KnownLog>;
    try {
      const told = await this.ask(this.question(block === null ? null : block * BLOCK));
      if (round !== this.round) return;
      told.lines.forEach((line, i) => {
        this.lines.set(told.start + i, line);
      });
      change = { total: told.total, of: told.of, note: "" };
    } catch (failure) {
      if (round !== this.round) return;
      change = { note: failure instanceof Error ? failure.message : String(failure) };
    }
    this.underWay.delete(block);
    this.tell({ ...change, asking: this.underWay.size > 0 });
  }

  private tell(change: Partial<KnownLog>): void {
    this.known = { ...this.known, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}
