/**
 * Which rows are in sight. A page cannot be as high as ten million rows: beyond a height the
 * scroll bar stands for them in another scale, and the wheel still moves by rows.
 */
export const ROW = 24;
/** Browsers draw nothing below some 16 million pixels. */
const HIGHEST = 8_000_000;
const SPARE = 6;

export interface Sight {
  /** How high the scrolled page is. */
  readonly height: number;
  /** Pixels of rows for one of the scroll bar. */
  readonly scale: number;
  /** The first row that is drawn, and how many are. */
  readonly first: number;
  readonly count: number;
  /** Where the first one is drawn, below the top of the scrolled page. */
  readonly offset: number;
}

/** What is in sight of `rows` when the page is scrolled to `top` and `view` pixels are seen. */
export function sight(rows: number, top: number, view: number): Sight {
  const whole = rows * ROW;
  const height = Math.min(whole, HIGHEST);
  const scale = height <= view ? 1 : (whole - view) / (height - view);
  const at = Math.max(0, Math.min(top, height - view)) * scale;
  const first = Math.max(0, Math.floor(at / ROW) - SPARE);
  const last = Math.min(rows, Math.ceil((at + view) / ROW) + SPARE);
  return {
    height,
    scale,
    first,
    count: Math.max(0, last - first),
    offset: top - (at - first * ROW),
  };
}

/** Where to scroll so that a row is seen whole; `top` where it is already. */
export function scrolledTo(row: number, rows: number, top: number, view: number): number {
  const { scale, height } = sight(rows, top, view);
  const from = row * ROW;
  const at = Math.max(0, Math.min(top, height - view)) * scale;
  if (from < at) return from / scale;
  return from + ROW > at + view ? (from + ROW - view) / scale : top;
}
