/** The first rows of a table, where there is nobody to ask for more. */
import type { TablePreview } from "../../protocol/generated";
import { cellText, decimalsOf, isNumeric } from "../grid/cells";

export function Table({ table }: { readonly table: TablePreview }) {
  const { columns, rows, total, width } = table;
  const decimals = columns.map((_, j) => decimalsOf(rows.map((row) => row[j] ?? null)));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable */}
      <section className="fb-table" tabIndex={0} aria-label="Table preview">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.name}
                  scope="col"
                  data-numeric={isNumeric(column.dtype) || undefined}
                >
                  {column.name}
                  <span>{column.dtype}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
              <tr key={i}>
                {row.map((cell, j) => (
                  <td
                    // biome-ignore lint/suspicious/noArrayIndexKey: nor have cells
                    key={j}
                    data-numeric={isNumeric(columns[j]?.dtype ?? "") || undefined}
                    data-none={cell === null || undefined}
                  >
                    {cellText(cell, decimals[j] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="fb-faint">
        {rows.length < total ? `first ${rows.length} of ` : ""}
        {total.toLocaleString("en-US")} {total === 1 ? "row" : "rows"} × {width}{" "}
        {width === 1 ? "column" : "columns"}
      </p>
    </>
  );
}
