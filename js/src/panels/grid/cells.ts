/** How cells read: numbers line up, what is missing is a dash. */
import type { Cell, Row } from "./pages";

const MOST_DECIMALS = 3;
const LETTER = 7;
const NARROWEST = 56;
const WIDEST = 280;

export function isNumeric(dtype: string): boolean {
  return /^(u?int|float|double|decimal|bigint|smallint|tinyint|hugeint)/i.test(dtype);
}

/** As many decimals as the column needs, at most three, so that its numbers line up. */
export function decimalsOf(cells: readonly Cell[]): number {
  let most = 0;
  for (const cell of cells) {
    if (typeof cell !== "number" || Number.isInteger(cell)) continue;
    const text = String(Number(cell.toFixed(MOST_DECIMALS)));
    most = Math.max(most, (text.split(".")[1] ?? "").length);
  }
  return most;
}

export function cellText(cell: Cell, decimals: number): string {
  if (cell === null) return "–";
  if (typeof cell !== "number" || decimals === 0) return String(cell);
  const tiny = cell !== 0 && Math.abs(cell) < 0.001;
  return tiny ? cell.toExponential(2) : cell.toFixed(decimals);
}

/** How wide a column begins: as its first rows and its name need, within limits. */
export function widthOf(name: string, column: number, rows: readonly Row[]): number {
  const longest = rows.reduce(
    (most, row) => Math.max(most, cellText(row[column] ?? null, 2).length),
    name.length + 2,
  );
  return Math.max(NARROWEST, Math.min(WIDEST, longest * LETTER + 18));
}
