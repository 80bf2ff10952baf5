/** Which run has the focus, and which are chosen: pure, so that keys and clicks mean one thing. */

export interface Selection {
  /** The row that Tab leads to. */
  readonly active: string | null;
  /** Where a range began. */
  readonly anchor: string | null;
  readonly chosen: ReadonlySet<string>;
}

export const NOBODY: Selection = { active: null, anchor: null, chosen: new Set() };

/** Plain: this one alone. `toggle`: this one as well, or no longer. `range`: all up to this one. */
export type Way = "plain" | "toggle" | "range" | "move";

export function choose(
  selection: Selection,
  ids: readonly string[],
  id: string,
  way: Way = "plain",
): Selection {
  if (!ids.includes(id)) return selection;
  if (way === "move") return { ...selection, active: id };
  if (way === "toggle") {
    const chosen = new Set(selection.chosen);
    if (!chosen.delete(id)) chosen.add(id);
    return { active: id, anchor: id, chosen };
  }
  if (way === "range") {
    const anchor = selection.anchor ?? selection.active ?? id;
    const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)].sort((a, b) => a - b) as [
      number,
      number,
    ];
    return { active: id, anchor, chosen: new Set(ids.slice(Math.max(from, 0), to + 1)) };
  }
  return { active: id, anchor: id, chosen: new Set([id]) };
}

/** The row so many further down, or up. */
export function moved(
  selection: Selection,
  ids: readonly string[],
  by: number,
  way: Way = "plain",
): Selection {
  if (ids.length === 0) return selection;
  const at = selection.active === null ? -1 : ids.indexOf(selection.active);
  const to = Math.min(Math.max(at + by, 0), ids.length - 1);
  return choose(selection, ids, ids[to] as string, way);
}

export function all(selection: Selection, ids: readonly string[]): Selection {
  return { ...selection, active: selection.active ?? ids[0] ?? null, chosen: new Set(ids) };
}

/** Only the active one, after a look at others. */
export function none(selection: Selection): Selection {
  const { active } = selection;
  return { active, anchor: active, chosen: new Set(active === null ? [] : [active]) };
}

/** What is left of it once rows have gone: the neighbour of an active row that went is active. */
export function kept(
  selection: Selection,
  before: readonly string[],
  ids: readonly string[],
): Selection {
  const there = new Set(ids);
  const { active, anchor } = selection;
  const missing = [...selection.chosen].some((id) => !there.has(id));
  const lost = active !== null && !there.has(active);
  if (!missing && !lost && (anchor === null || there.has(anchor))) return selection;
  const chosen = new Set([...selection.chosen].filter((id) => there.has(id)));
  const now = lost ? neighbour(before, there, active) : active;
  if (lost && chosen.size === 0 && now !== null) chosen.add(now);
  return { active: now, anchor: anchor !== null && there.has(anchor) ? anchor : now, chosen };
}

function neighbour(
  before: readonly string[],
  there: ReadonlySet<string>,
  id: string,
): string | null {
  const at = before.indexOf(id);
  const below = before.slice(at + 1).find((one) => there.has(one));
  return below ?? before.slice(0, Math.max(at, 0)).findLast((one) => there.has(one)) ?? null;
}
