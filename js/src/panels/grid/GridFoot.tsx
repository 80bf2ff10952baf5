import { useEffect, useRef, useState } from "react";
import type { Known } from "./pages";

const REST_MS = 250;

interface GridFootProps {
  readonly known: Known;
  readonly onFind: (find: string, column: number) => void;
}

/** How much there is, and a search in it. */
export function GridFoot({ known, onFind }: GridFootProps) {
  const { columns, order, total, of, width, asking, note } = known;
  const [text, setText] = useState(order.find);
  const [column, setColumn] = useState(order.column);
  const find = useRef(onFind);
  find.current = onFind;
  useEffect(() => {
    if (text === order.find && column === order.column) return;
    const timer = setTimeout(() => find.current(text, column), REST_MS);
    return () => clearTimeout(timer);
  }, [text, column, order]);
  const searched = order.find.trim() !== "";
  return (
    <div className="fb-grid-foot">
      <input
        type="search"
        className="fb-grid-find"
        aria-label="Find rows"
        placeholder={column < 0 ? "Find rows" : "text, or > 5"}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <select
        aria-label="Column to search"
        value={column}
        onChange={(event) => setColumn(Number(event.currentTarget.value))}
      >
        <option value={-1}>in all columns</option>
        {columns.map((one, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
          <option key={i} value={i}>
            in {one.name}
          </option>
        ))}
      </select>
      <span role="status" aria-live="polite" className="fb-faint">
        {note !== ""
          ? note
          : asking && total === 0
            ? "Asking…"
            : `${searched ? `${counted(total, "row")} of ` : ""}${counted(of, "row")} × ${counted(width, "column")}`}
        {columns.length < width && `, the first ${columns.length} shown`}
      </span>
    </div>
  );
}

function counted(count: number, one: string): string {
  return `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`;
}
