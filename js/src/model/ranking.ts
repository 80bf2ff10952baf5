/** Looking something up by typing: what fits at all, and what fits best. */

/** A text that is searched, and how far behind a hit in it stands. */
export type Field = readonly [text: string, behind: number];

const WORD_START = /[\s._\-/,:()]/;
/** In longer texts all letters of a word are somewhere. */
const LONG = 40;
const NEVER = Number.POSITIVE_INFINITY;

/** How well `text` answers `term`: 0 is best, infinity is not at all. */
export function farness(term: string, text: string): number {
  const at = text.indexOf(term);
  if (at === 0) return term.length === text.length ? 0 : 1;
  if (at > 0) {
    for (let i = at; i !== -1; i = text.indexOf(term, i + 1))
      if (WORD_START.test(text.charAt(i - 1))) return 2;
    return 4;
  }
  return term.length < 2 || text.length > LONG ? NEVER : fuzzy(term, text);
}

/** The letters of `term` in their order, with as little between them as there is. */
function fuzzy(term: string, text: string): number {
  let at = text.indexOf(term.charAt(0));
  const first = at;
  for (let i = 1; at !== -1 && i < term.length; i++) at = text.indexOf(term.charAt(i), at + 1);
  if (at === -1) return NEVER;
  const between = at - first + 1 - term.length;
  return between > 2 * term.length + 2 ? NEVER : 6 + between / 10;
}

/** Those of `items` in which every word of `query` is found, the best first; all for no query. */
export function ranked<T>(
  query: string,
  items: readonly T[],
  fields: (item: T) => readonly Field[],
): readonly T[] {
  const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.length === 0) return items;
  const told = items.map((item, index) => {
    const texts = fields(item).map(([text, behind]) => [text.toLowerCase(), behind] as const);
    const scores = terms.map((term) =>
      Math.min(...texts.map(([text, behind]) => farness(term, text) + behind)),
    );
    return { item, index, score: scores.reduce((sum, one) => sum + one, 0) };
  });
  return told
    .filter((one) => one.score < NEVER)
    .sort((a, b) => a.score - b.score || a.index - b.index)
    .map((one) => one.item);
}

/** Where `query` stands in `text`, whole: what is marked in a list of hits; null for nowhere. */
export function hitIn(query: string, text: string): readonly [number, number] | null {
  const what = query.trim().toLowerCase();
  const at = what === "" ? -1 : text.toLowerCase().indexOf(what);
  return at === -1 ? null : [at, at + what.length];
}
