/** Which rows of a long list are worth drawing; all have the same height. */

export interface Slice {
  /** The first row that is drawn, and the first that is not any more. */
  readonly from: number;
  readonly to: number;
  /** Room in pixels for the rows before and behind. */
  readonly before: number;
  readonly behind: number;
}

/** Fewer rows than this are drawn all. */
export const FEW = 300;
const SPARE = 8;

export function sliceOf(count: number, row: number, top: number, height: number): Slice {
  if (count <= FEW) return { from: 0, to: count, before: 0, behind: 0 };
  const from = Math.min(count, Math.max(0, Math.floor(top / row) - SPARE));
  const to = Math.min(count, Math.ceil((top + height) / row) + SPARE);
  return { from, to, before: from * row, behind: (count - to) * row };
}

/** How far to scroll so that row `index` is seen; as little as possible. */
export function scrollTo(index: number, row: number, top: number, height: number): number {
  if (index * row < top) return index * row;
  return Math.max(top, (index + 1) * row - height);
}
