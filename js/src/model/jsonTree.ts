/** Plain data as rows of a tree: which are seen, what each is called in an expression. Pure. */

export type Key = string | number;

export interface TreeRow {
  /** The way to it, as text that no other row has. */
  readonly id: string;
  readonly path: readonly Key[];
  readonly name: Key | null;
  readonly value: unknown;
  /** From 1. */
  readonly level: number;
  /** How many are inside; null for what can have none. */
  readonly size: number | null;
  readonly open: boolean;
  /** Its place among its siblings, from 1, and how many there are. */
  readonly place: number;
  readonly of: number;
  /** It has what was looked for. */
  readonly hit: boolean;
}

/** Rows that somebody opened (true) or closed, by id. */
export type Opened = ReadonlyMap<string, boolean>;

/** So deep a tree is open at first. */
const OPEN_DEPTH = 2;
/** More rows than these are not drawn at once. */
export const MOST_ROWS = 2_000;

/** The rows that are seen: all that are open, or those with `find` in name or text, and what is around them. */
export function treeRows(value: unknown, opened: Opened, find = ""): readonly TreeRow[] {
  const wanted = find.trim().toLowerCase();
  const rows: TreeRow[] = [];
  visit({ rows, opened, wanted, hits: new Map() }, value, [], 1, 1);
  return rows;
}

interface Walk {
  readonly rows: TreeRow[];
  readonly opened: Opened;
  readonly wanted: string;
  /** Whether a branch, or something in it, has what is looked for. */
  readonly hits: Map<unknown, boolean>;
}

function visit(
  walk: Walk,
  value: unknown,
  path: readonly Key[],
  place: number,
  of: number,
  inside = false,
): void {
  const { rows, opened, wanted } = walk;
  if (rows.length > MOST_ROWS) return;
  const id = pathText("", path);
  const name = path.at(-1) ?? null;
  const entries = entriesOf(value);
  const within = entries !== null && wanted !== "" && entries.some(([k, v]) => has(walk, k, v));
  const hit = wanted !== "" && says(wanted, name, entries === null ? value : undefined);
  const usual = wanted === "" ? path.length < OPEN_DEPTH : within;
  const open = entries !== null && (opened.get(id) ?? usual);
  const size = entries?.length ?? null;
  rows.push({ id, path, name, value, level: path.length + 1, size, open, place, of, hit });
  if (!open || entries === null) return;
  const all = wanted === "" || inside || (opened.get(id) === true && !within);
  const seen = all ? entries : entries.filter(([key, one]) => has(walk, key, one));
  for (const [i, [key, one]] of seen.entries())
    visit(walk, one, [...path, key], i + 1, seen.length, all && wanted !== "");
}

function has(walk: Walk, key: Key, value: unknown): boolean {
  const entries = entriesOf(value);
  if (says(walk.wanted, key, entries === null ? value : undefined)) return true;
  if (entries === null) return false;
  const known = walk.hits.get(value);
  if (known !== undefined) return known;
  const found = entries.some(([inner, one]) => has(walk, inner, one));
  walk.hits.set(value, found);
  return found;
}

function says(wanted: string, name: Key | null, leaf: unknown): boolean {
  if (typeof name === "string" && name.toLowerCase().includes(wanted)) return true;
  return leaf !== undefined && String(leaf).toLowerCase().includes(wanted);
}

function entriesOf(value: unknown): ReadonlyArray<readonly [Key, unknown]> | null {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) return value.map((one, i) => [i, one] as const);
  return Object.entries(value);
}

/** Every branch below a row, itself too, so that all can be opened or closed. */
export function branchesOf(value: unknown, path: readonly Key[] = []): readonly string[] {
  const entries = entriesOf(value);
  if (entries === null) return [];
  const below = entries.flatMap(([key, one]) => branchesOf(one, [...path, key]));
  return [pathText("", path), ...below];
}

const NAME = /^[A-Za-z_]\w*$/;

/** What one writes for it in an expression: `fetch.items[0]['unit price']`. */
export function pathText(base: string, path: readonly Key[]): string {
  const steps = path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    if (NAME.test(key)) return `.${key}`;
    return `['${key.replace(/\\/g, "\\\\").replace(/'/g, "\\'").replace(/\n/g, "\\n")}']`;
  });
  return base + steps.join("");
}

/** A value as it is copied: texts as they are, all else as JSON. */
export function copied(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}
