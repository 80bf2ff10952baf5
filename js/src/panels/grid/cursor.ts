/** The cell that has the focus, what is selected with it, and how keys move them. */
export interface Cursor {
  readonly row: number;
  readonly column: number;
  /** The other corner of the selection. */
  readonly anchor: { readonly row: number; readonly column: number };
}

export interface Extent {
  readonly rows: number;
  readonly columns: number;
  /** Rows that are seen at once. */
  readonly page: number;
}

export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

export function at(row: number, column: number): Cursor {
  return { row, column, anchor: { row, column } };
}

/** The cursor after a key, null for a key that moves nothing. */
export function moved(cursor: Cursor, pressed: Pressed, extent: Extent): Cursor | null {
  const { rows, columns, page } = extent;
  const far = pressed.ctrlKey || pressed.metaKey;
  if (far && pressed.key.toLowerCase() === "a")
    return { row: rows - 1, column: columns - 1, anchor: { row: 0, column: 0 } };
  const { row, column } = cursor;
  const to = (() => {
    switch (pressed.key) {
      case "ArrowDown":
        return [far ? rows - 1 : row + 1, column];
      case "ArrowUp":
        return [far ? 0 : row - 1, column];
      case "ArrowRight":
        return [row, far ? columns - 1 : column + 1];
      case "ArrowLeft":
        return [row, far ? 0 : column - 1];
      case "PageDown":
        return [row + page, column];
      case "PageUp":
        return [row - page, column];
      case "Home":
        return [far ? 0 : row, 0];
      case "End":
        return [far ? rows - 1 : row, columns - 1];
      default:
        return null;
    }
  })();
  if (to === null) return null;
  const next = { row: within(to[0] ?? 0, rows), column: within(to[1] ?? 0, columns) };
  return { ...next, anchor: pressed.shiftKey ? cursor.anchor : next };
}

/** First and last row and column of the selection. */
export function selected({ row, column, anchor }: Cursor) {
  return {
    top: Math.min(row, anchor.row),
    bottom: Math.max(row, anchor.row),
    left: Math.min(column, anchor.column),
    right: Math.max(column, anchor.column),
  };
}

export function isSelected(cursor: Cursor, row: number, column: number): boolean {
  const { top, bottom, left, right } = selected(cursor);
  return row >= top && row <= bottom && column >= left && column <= right;
}

function within(value: number, size: number): number {
  return Math.max(0, Math.min(value, size - 1));
}
