/**
 * Plain data kept over a copy of it: what did not change is the same object again, so that whoever
 * compares by identity has nothing to do.
 */

type Plain = Record<string, unknown>;

/** `after`, with `before` or its parts in the place of what is equal to them. */
export function kept<T>(before: unknown, after: T): T {
  if (before === after) return after;
  if (Array.isArray(before) && Array.isArray(after)) return keptList(before, after) as T;
  if (isPlain(before) && isPlain(after)) return keptPlain(before, after) as T;
  return after;
}

/** The same of a list whose members have names: each is compared with its namesake. */
export function keptBy<T>(
  before: readonly T[],
  after: readonly T[],
  name: (one: T) => string,
): readonly T[] {
  const old = new Map(before.map((one) => [name(one), one]));
  let same = before.length === after.length;
  const found = after.map((one, i) => {
    const next = kept(old.get(name(one)), one);
    same &&= next === before[i];
    return next;
  });
  return same ? before : found;
}

function keptList(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  let same = before.length === after.length;
  const found = after.map((one, i) => {
    const next = kept(before[i], one);
    same &&= next === before[i];
    return next;
  });
  return same ? before : found;
}

function keptPlain(before: Plain, after: Plain): Plain {
  const keys = Object.keys(after);
  let same = Object.keys(before).length === keys.length;
  const found: Plain = { ...after };
  for (const key of keys) {
    const next = kept(before[key], after[key]);
    same &&= next === before[key] && key in before;
    if (next !== after[key]) found[key] = next;
  }
  return same ? before : found;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && value.constructor === Object;
}
