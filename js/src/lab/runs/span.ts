/** Which rows of a long list are in view: rows have few heights, known before they are drawn. */

/** Where each row begins; the last is where the list ends. */
export function offsets(heights: readonly number[]): Float64Array {
  const tops = new Float64Array(heights.length + 1);
  for (let n = 0; n < heights.length; n++) tops[n + 1] = (tops[n] ?? 0) + (heights[n] ?? 0);
  return tops;
}

/** The row at a height; the last one below the end. */
export function rowAt(tops: Float64Array, y: number): number {
  let [low, high] = [0, Math.max(tops.length - 2, 0)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The rows to draw, from the first to before the second, with some beyond either edge. */
export function span(
  tops: Float64Array,
  top: number,
  height: number,
  beyond: number,
): [from: number, to: number] {
  const count = tops.length - 1;
  if (count <= 0) return [0, 0];
  return [
    Math.max(0, rowAt(tops, top) - beyond),
    Math.min(count, rowAt(tops, top + height) + 1 + beyond),
  ];
}
