/** The kinds of nodes there are to add, as somebody looks for one. */
import type { KindView } from "../protocol/generated";
import { ranked } from "./ranking";

export interface Family {
  readonly title: string;
  readonly kinds: readonly KindView[];
}

/** What is used first goes first, once; of those that were added lately so many are kept. */
const LATELY = 4;

/** Kinds that answer `query`, the best first. */
export function kindsFor(query: string, kinds: readonly KindView[]): readonly KindView[] {
  return ranked(query, kinds, (one) => [
    [one.title, 0],
    [one.kind, 0],
    ...one.words.map((word) => [word, 1] as const),
    [one.family, 3],
    [one.summary, 6],
  ]);
}

/** A family as a heading: `code` is Code. */
export function familyTitle(family: string): string {
  if (family === "") return "Other";
  return family.slice(0, 1).toUpperCase() + family.slice(1);
}

/** All kinds by family, in the order they come; those added lately before them. */
export function families(kinds: readonly KindView[], lately: readonly string[]): Family[] {
  const recent = lately.flatMap((kind) => kinds.find((one) => one.kind === kind) ?? []);
  const found = new Map<string, KindView[]>();
  for (const one of kinds) found.set(one.family, [...(found.get(one.family) ?? []), one]);
  const all = [...found].map(([title, ones]) => ({ title: familyTitle(title), kinds: ones }));
  return recent.length === 0 ? all : [{ title: "Recent", kinds: recent }, ...all];
}

/** The kinds added lately, after one more. */
export function usedLately(lately: readonly string[], kind: string): readonly string[] {
  return [kind, ...lately.filter((one) => one !== kind)].slice(0, LATELY);
}
