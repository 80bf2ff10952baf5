import { memo, useState } from "react";
import type { ArrayPreview, ImagePreview, Preview, TablePreview } from "../protocol/generated";

const OPEN_DEPTH = 2;
const MOST_DECIMALS = 3;

/** A value as something to look at: tables as tables, pictures as pictures, data as a tree. */
export const PreviewOf = memo(function PreviewOf({ preview }: { readonly preview: Preview }) {
  switch (preview.show) {
    case "table":
      return <Table table={preview} />;
    case "array":
      return <Numbers array={preview} />;
    case "image":
      return <Picture image={preview} />;
    case "tree":
      return (
        <>
          <div className="fb-tree">
            <Tree value={preview.value} name={null} depth={0} />
          </div>
          {preview.cut && <p className="fb-faint">Long or deep parts were left out.</p>}
        </>
      );
    case "text":
      return (
        <>
          <pre className="fb-code">{preview.text}</pre>
          {preview.cut && <p className="fb-faint">Only the beginning is shown.</p>}
        </>
      );
  }
});

function Table({ table }: { readonly table: TablePreview }) {
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

function isNumeric(dtype: string): boolean {
  return /^(u?int|float|double|decimal)/i.test(dtype);
}

type Cell = TablePreview["rows"][number][number];

/** As many decimals as the column needs, at most three, so that its numbers line up. */
function decimalsOf(cells: readonly Cell[]): number {
  let most = 0;
  for (const cell of cells) {
    if (typeof cell !== "number" || Number.isInteger(cell)) continue;
    const text = String(Number(cell.toFixed(MOST_DECIMALS)));
    most = Math.max(most, (text.split(".")[1] ?? "").length);
  }
  return most;
}

function cellText(cell: Cell, decimals: number): string {
  if (cell === null) return "–";
  if (typeof cell !== "number" || decimals === 0) return String(cell);
  const tiny = cell !== 0 && Math.abs(cell) < 0.001;
  return tiny ? cell.toExponential(2) : cell.toFixed(decimals);
}

function Numbers({ array }: { readonly array: ArrayPreview }) {
  const { values, summarized } = array;
  const size = array.shape.reduce((product, side) => product * side, 1);
  const figures = figuresOf(array);
  const decimals = decimalsOf(values);
  return (
    <>
      <dl className="fb-figures">
        {figures.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {values.length > 0 && (
        <ol
          className="fb-values"
          aria-label="First values"
          data-wordy={values.some((value) => typeof value === "string") || undefined}
        >
          {values.map((value, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: values have no other identity
            <li key={i} title={String(value)} data-none={value === null || undefined}>
              {cellText(value, decimals)}
            </li>
          ))}
        </ol>
      )}
      <p className="fb-faint">
        {values.length < size ? `first ${values.length} of ` : ""}
        {countOf(size, "value")}
        {summarized !== null && `; the figures are of the first ${countOf(summarized, "value")}`}
      </p>
    </>
  );
}

/** What is known of the whole array, in words; what is not known is left out. */
function figuresOf(array: ArrayPreview): ReadonlyArray<readonly [name: string, text: string]> {
  const { dtype, shape, min, max, mean, nulls } = array;
  const found: [string, string][] = [
    ["shape", shape.length === 0 ? "one value" : shape.map(grouped).join(" × ")],
    ["type", dtype],
  ];
  if (min !== null) found.push(["min", figure(min)]);
  if (max !== null) found.push(["max", figure(max)]);
  if (mean !== null) found.push(["mean", figure(mean)]);
  if (nulls !== null && nulls > 0) found.push(["missing", grouped(nulls)]);
  return found;
}

function figure(value: Cell): string {
  return cellText(value, decimalsOf([value]));
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

function countOf(count: number, one: string): string {
  return `${grouped(count)} ${one}${count === 1 ? "" : "s"}`;
}

function Picture({ image }: { readonly image: ImagePreview }) {
  return (
    <div className="fb-picture">
      <img
        src={`data:${image.mime};base64,${image.content}`}
        alt={image.alt || "Output of the node"}
      />
    </div>
  );
}

interface TreeProps {
  readonly value: unknown;
  readonly name: string | null;
  readonly depth: number;
}

function Tree({ value, name, depth }: TreeProps) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const label = name === null ? null : <span className="fb-key">{name}</span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div className="fb-leaf">
        {label}
        <span data-type={value === null ? "null" : typeof value}>{leafText(value)}</span>
      </div>
    );
  }
  const entries = Object.entries(value);
  const shape = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <div className="fb-branch">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <i aria-hidden="true">{open ? "▾" : "▸"}</i>
        {label}
        <span className="fb-shape">{shape}</span>
      </button>
      {open && (
        <div className="fb-twigs">
          {entries.map(([key, one]) => (
            <Tree key={key} value={one} name={key} depth={depth + 1} />
          ))}
        </div>
      )}
    </div>
  );
}

function leafText(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}
