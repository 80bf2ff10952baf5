/** The filter as the query it is: to read, to copy, to go on with in a cell. */
import type { ReactNode } from "react";
import type { Words } from "./words";

export function Sql(props: {
  readonly sql: string;
  readonly trans: Words;
  /** Why it cannot be opened as a cell; empty when it can. */
  readonly noCell: string;
  readonly onCopy: () => void;
  readonly onCell: () => void;
}): ReactNode {
  const { sql, trans, noCell, onCopy, onCell } = props;
  if (sql === "") return null;
  return (
    <details className="fb-runs-sql">
      <summary>{trans.__("As SQL")}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre tabIndex={0}>{sql}</pre>
      <div className="fb-runs-search">
        <button type="button" className="fb-runs-button" data-action="copy-sql" onClick={onCopy}>
          {trans.__("Copy")}
        </button>
        <button
          type="button"
          className="fb-runs-button"
          data-action="open-cell"
          disabled={noCell !== ""}
          title={noCell || trans.__("Add a cell with this query to the notebook in front")}
          onClick={onCell}
        >
          {trans.__("Open as Cell")}
        </button>
      </div>
      {noCell !== "" && <p className="fb-runs-soft">{noCell}</p>}
    </details>
  );
}
