/** A server of runs that answers when it is told to, and random choices that can be repeated. */
import type { Replay, RunsApi } from "../../src/lab/runs/api";
import type { Socket } from "../../src/lab/runs/live";
import {
  type Deletion,
  type FlowSummary,
  newestFirst,
  type RunPage,
  type RunRow,
} from "../../src/lab/runs/run";

export const TRANS = {
  __: (text: string, ...args: unknown[]) => fill(text, args),
  _n: (one: string, many: string, count: number, ...args: unknown[]) =>
    fill(count === 1 ? one : many, [count, ...args]),
};

function fill(text: string, args: readonly unknown[]): string {
  return text.replace(/%(\d)/g, (_, n) => String(args[Number(n) - 1] ?? ""));
}

export const NOON = Date.parse("2026-01-01T12:00:00.000Z");

/** Run number n began n seconds after noon. */
export function run(n: number, over: Partial<RunRow> = {}): RunRow {
  return {
    ...{ id: `run-${String(n).padStart(4, "0")}`, flow: "daily", trigger: "manual" },
    ...{ status: "succeeded", error: null, current: null, pinned: false, params: {} },
    ...{ origin: null, origin_node: null, ended_at: null, duration_ms: 1_000 },
    started_at: new Date(NOON + n * 1_000).toISOString(),
    ...over,
  };
}

/** Numbers below `n` in an order that depends on nothing but the seed. */
export function dice(seed: number): (n: number) => number {
  let state = seed + 1;
  return (n) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * n);
  };
}

export class FakeApi implements RunsApi {
  readonly asked: string[] = [];
  /** What the next question is refused with. */
  failing: unknown = null;
  runs: RunRow[] = [];
  summaries: FlowSummary[] = [];
  deletion: Deletion = { count: 0, skipped: 0, dry_run: true };

  async page(asked: object, limit: number, cursor: string | null): Promise<RunPage> {
    this.note(`page ${JSON.stringify(asked)} ${limit} ${cursor}`);
    return pageOf(this.runs, limit, cursor);
  }

  async flows() {
    return this.summaries;
  }

  async nodes() {
    return ["load", "clean"];
  }

  async pin(id: string, pinned: boolean): Promise<RunRow> {
    this.note(`pin ${id} ${pinned}`);
    return { ...(this.runs.find((one) => one.id === id) as RunRow), pinned };
  }

  async control(id: string, what: string) {
    this.note(`${what} ${id}`);
  }

  async rerun(id: string) {
    this.note(`rerun ${id}`);
    return "again-000001";
  }

  async replay(id: string, how: Replay) {
    this.note(`replay ${id} ${JSON.stringify(how)}`);
    return "again-000002";
  }

  async delete(id: string, pinned: boolean): Promise<Deletion> {
    this.note(`delete ${id}${pinned ? " pinned" : ""}`);
    return { count: 1, skipped: 0, dry_run: false };
  }

  async deleteWhere(asked: object, dryRun: boolean): Promise<Deletion> {
    this.note(`delete ${JSON.stringify(asked)} ${dryRun}`);
    return { ...this.deletion, dry_run: dryRun };
  }

  private note(what: string): void {
    const { failing } = this;
    this.failing = null;
    if (failing !== null) throw failing;
    this.asked.push(what);
  }
}

export function pageOf(runs: readonly RunRow[], limit: number, cursor: string | null): RunPage {
  const sorted = [...runs].sort(newestFirst);
  const from = cursor === null ? 0 : sorted.filter(({ id }) => id >= cursor).length;
  const page = sorted.slice(from, from + limit);
  const next = sorted.length > from + limit ? (page.at(-1)?.id ?? null) : null;
  return { runs: page, next, sql: "SELECT * FROM runs" };
}

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly since: number | null) {}

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  close(): void {
    this.closed = true;
  }
}

export const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
