import type { PointerEvent } from "react";
import type { GridColumn } from "../../protocol/generated";
import { isNumeric } from "./cells";
import type { Order } from "./pages";

interface GridHeadProps {
  readonly columns: readonly GridColumn[];
  readonly widths: readonly number[];
  readonly order: Order;
  readonly gutter: number;
  readonly onSort: (column: number) => void;
  readonly onResize: (column: number, width: number) => void;
}

const LEAST = 36;

/** Names, types and what is missing; a click sorts, the edge at the right makes wider. */
export function GridHead(props: GridHeadProps) {
  const { columns, widths, order, gutter, onSort, onResize } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a grid that is no table
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
    <div className="fb-grid-head" role="row" aria-rowindex={1}>
      <span className="fb-grid-number" style={{ width: gutter }} />
      {columns.map((column, i) => {
        const sorted = order.sort === i;
        const way = order.descending ? "descending" : "ascending";
        return (
          // biome-ignore lint/a11y/useSemanticElements: as above
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
            key={i}
            role="columnheader"
            aria-colindex={i + 1}
            aria-sort={sorted ? way : "none"}
            data-numeric={isNumeric(column.dtype) || undefined}
            style={{ width: widths[i] }}
          >
            <button
              type="button"
              tabIndex={-1}
              title={`Sort by ${column.name} (${column.dtype}${column.nulls ? `, ${column.nulls.toLocaleString("en-US")} missing` : ""})`}
              onClick={() => onSort(i)}
            >
              <b>
                {column.name}
                {sorted ? (order.descending ? " ▾" : " ▴") : ""}
              </b>
              <span>
                {column.dtype}
                {column.nulls ? ` · ${column.nulls.toLocaleString("en-US")} missing` : ""}
              </span>
            </button>
            <i
              className="fb-grid-edge"
              aria-hidden="true"
              onPointerDown={(event) => drag(event, widths[i] ?? 0, (to) => onResize(i, to))}
            />
          </div>
        );
      })}
    </div>
  );
}

function drag(event: PointerEvent<HTMLElement>, from: number, resize: (to: number) => void): void {
  const { clientX: start, currentTarget: edge, pointerId } = event;
  event.preventDefault();
  edge.setPointerCapture(pointerId);
  edge.onpointermove = (move) => resize(Math.max(LEAST, from + move.clientX - start));
  edge.onpointerup = () => {
    edge.onpointermove = null;
  };
}
