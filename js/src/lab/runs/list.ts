/**
 * The runs that are shown, as pages and live news come in, in whichever order they do.
 *
 * What has been read stays where it is: runs newer than all shown are held back while the user is
 * further down, until they ask for them. Runs older than the last one shown come with their page.
 * News that come while a page is under way are newer than it.
 */
import { newestFirst, type RunPage, type RunRow } from "./run";

/** Why something could not be done, and what to do about it. */
export interface Failure {
  readonly message: string;
  readonly hint: string | null;
  /** `absent`: the server has no flowbook. `busy`: its store is. `refused`: it says no. */
  readonly kind: "offline" | "absent" | "busy" | "refused";
}

/** What is under way. */
export type Phase = "loading" | "more" | "ready" | "failed";

export interface List {
  /** Counts the filters and reloads; an answer to an earlier one is dropped. */
  readonly generation: number;
  readonly phase: Phase;
  /** A page came since the filter was set. */
  readonly known: boolean;
  /** Newest first, each once. */
  readonly rows: readonly RunRow[];
  /** Newer than all rows, newest first, each once. */
  readonly held: readonly RunRow[];
  readonly next: string | null;
  readonly failure: Failure | null;
  /** The news since a page was asked for; null: that run is gone. */
  readonly news: ReadonlyMap<string, RunRow | null>;
}

export type Step =
  | { readonly type: "asked"; readonly keep: boolean }
  | { readonly type: "more" }
  | { readonly type: "page"; readonly generation: number; readonly page: RunPage }
  | { readonly type: "failed"; readonly generation: number; readonly failure: Failure }
  | {
      readonly type: "told";
      readonly runs: readonly RunRow[];
      readonly gone: readonly string[];
      readonly matches: (run: RunRow) => boolean;
      /** The user is not at the top: keep back what is new. */
      readonly hold: boolean;
    }
  | { readonly type: "release" };

export const NOTHING: List = {
  generation: 0,
  phase: "loading",
  known: false,
  rows: [],
  held: [],
  next: null,
  failure: null,
  news: new Map(),
};

export function step(list: List, what: Step): List {
  switch (what.type) {
    case "asked":
      return begun(list, what.keep);
    case "more":
      return canAskMore(list) ? { ...list, phase: "more", failure: null, news: new Map() } : list;
    case "page":
      return what.generation === list.generation ? paged(list, what.page) : list;
    case "failed":
      if (what.generation !== list.generation) return list;
      return { ...list, phase: "failed", failure: what.failure };
    case "told":
      return told(list, what);
    case "release":
      if (list.held.length === 0) return list;
      return { ...list, rows: merged(list.held, list.rows), held: [] };
  }
}

/** There is a page behind, and it is not under way. */
export function canAskMore(list: List): boolean {
  return list.known && list.next !== null && (list.phase === "ready" || list.phase === "failed");
}

function begun(list: List, keep: boolean): List {
  const generation = list.generation + 1;
  if (!keep) return { ...NOTHING, generation };
  return { ...list, generation, phase: "loading", failure: null, news: new Map() };
}

function paged(list: List, page: RunPage): List {
  const fresh = page.runs
    .map((run) => (list.news.has(run.id) ? list.news.get(run.id) : run))
    .filter((run) => run != null);
  // A first page replaces what was there; a later one goes behind it.
  const [rows, held] = list.phase === "more" ? [list.rows, list.held] : [[], []];
  const waiting = new Set(held.map(({ id }) => id));
  const both = merged(
    rows,
    fresh.filter(({ id }) => !waiting.has(id)),
  );
  const whole = { ...list, rows: both, held, next: page.next };
  // What was told meanwhile may be in no page: it was not there when this one was read.
  const news = [...list.news].flatMap(([id, run]) => (run === null ? [] : [[id, run] as const]));
  return {
    ...whole,
    ...{ phase: "ready", known: true, failure: null, news: new Map() },
    rows: merged(both, unknown(whole, new Map(news))),
  };
}

function told(list: List, { runs, gone, matches, hold }: Extract<Step, { type: "told" }>): List {
  const under = list.phase === "loading" || list.phase === "more";
  const news = under ? new Map(list.news) : list.news;
  const out = new Set(gone);
  const into = new Map<string, RunRow>();
  for (const run of runs) {
    if (out.has(run.id)) continue;
    if (matches(run)) into.set(run.id, run);
    else out.add(run.id);
  }
  if (under) {
    for (const id of out) (news as Map<string, RunRow | null>).set(id, null);
    for (const run of into.values()) (news as Map<string, RunRow | null>).set(run.id, run);
  }
  const rows = refreshed(list.rows, out, into);
  const held = refreshed(list.held, out, into);
  if (!list.known) return { ...list, rows, held, news };
  const fresh = unknown(list, into);
  if (fresh.length === 0) {
    return rows === list.rows && held === list.held && news === list.news
      ? list
      : { ...list, rows, held, news };
  }
  const top = rows[0];
  const isNewest = (run: RunRow) => top === undefined || newestFirst(run, top) < 0;
  const keptBack = hold ? fresh.filter(isNewest) : [];
  const shown = hold ? fresh.filter((run) => !isNewest(run)) : fresh;
  return { ...list, rows: merged(rows, shown), held: merged(held, keptBack), news };
}

/** The runs of a message that no page has given, and none behind the last row will. */
function unknown({ rows, held, next }: List, into: ReadonlyMap<string, RunRow>): RunRow[] {
  const known = new Set([...rows, ...held].map(({ id }) => id));
  const last = rows.at(-1);
  return [...into.values()].filter(
    (run) =>
      !known.has(run.id) && (next === null || last === undefined || newestFirst(run, last) < 0),
  );
}

/** The same list when nothing in it is another. */
function refreshed(
  rows: readonly RunRow[],
  out: ReadonlySet<string>,
  into: ReadonlyMap<string, RunRow>,
): readonly RunRow[] {
  if (!rows.some(({ id }) => out.has(id) || into.has(id))) return rows;
  return rows.filter(({ id }) => !out.has(id)).map((run) => into.get(run.id) ?? run);
}

/** Both, sorted, each run once; of two that are the same, the one of `first`. */
function merged(first: readonly RunRow[], second: readonly RunRow[]): readonly RunRow[] {
  if (second.length === 0) return first;
  const known = new Set(first.map(({ id }) => id));
  const all = [...first, ...second.filter(({ id }) => !known.has(id))];
  for (let n = 1; n < all.length; n++) {
    const [one, other] = [all[n - 1], all[n]];
    if (one && other && newestFirst(one, other) > 0) return all.sort(newestFirst);
  }
  return all;
}
