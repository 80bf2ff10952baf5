/** What went along an edge, in a card beside it. */
import { useStore as useFlowStore } from "@xyflow/react";
import { useEffect, useState } from "react";
import type { Editor } from "../editor/editor";
import { asideOfEdge, asidesOf } from "../model/overlay";
import { edgeSays } from "../model/selectors";
import type { EdgeView, Peek, PeekColumn } from "../protocol/generated";
import type { EdgeCardProps } from "../view/edgeCard";
import { useEditor } from "../view/useEditor";
import { selectRun, useStore } from "../view/useStore";
import { Bars } from "./Bars";
import { cellText, isNumeric } from "./grid/cells";
import { PreviewOf } from "./PreviewOf";
import "./edge-preview.css";

/** A pointer that only passes asks for nothing. */
const REST_MS = 250;
const MOST_COLUMNS = 8;
type Session = Editor["session"];
const known = new WeakMap<Session, Map<string, Peek>>();

export function EdgePreview({ edge, at }: EdgeCardProps) {
  const { session, store, state } = useEditor();
  const { flow } = store.state;
  const aside = flow === null ? undefined : asideOfEdge(asidesOf(state.overlay, flow), edge);
  const run = useStore(store, selectRun);
  const zoom = useFlowStore((state) => state.transform[2]);
  const source = run?.nodes[edge.source];
  const gave =
    !session.transport.still && source?.phase === "done" && edge.output in source.outputs;
  const peek = usePeek(session, edge, gave ? `${run?.run}.${source.attempt}` : null);
  return (
    <div
      className="fb-edge-card"
      role="tooltip"
      style={{ transform: `translate(${at.x}px, ${at.y}px) scale(${1 / zoom})` }}
    >
      <p className="fb-edge-says">{edgeSays(edge, run)}</p>
      {aside !== undefined && <p className="fb-faint">{aside.spoken}</p>}
      {peek !== null && <Seen peek={peek} />}
    </div>
  );
}

function usePeek(session: Session, edge: EdgeView, of: string | null): Peek | null {
  const { source, output } = edge;
  const key = `${of}.${source}.${output}`;
  const [peek, setPeek] = useState<Peek | null>(known.get(session)?.get(key) ?? null);
  useEffect(() => {
    if (of === null || peek !== null) return;
    let left = false;
    const timer = setTimeout(async () => {
      try {
        const found = await session.request<"PEEK">({ type: "PEEK", source, output });
        const all = known.get(session) ?? new Map<string, Peek>();
        known.set(session, all.set(key, found));
        if (!left) setPeek(found);
      } catch {
        // what cannot be had is not shown; the edge says what is known of it anyway
      }
    }, REST_MS);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [session, source, output, key, of, peek]);
  return peek;
}

function Seen({ peek }: { readonly peek: Peek }) {
  if (peek.note !== "") return <p className="fb-faint">{peek.note}</p>;
  if (peek.shown !== null) {
    const { preview, type, note } = peek.shown;
    return (
      <div className="fb-edge-value">
        <span className="fb-type">{type}</span>
        {preview === null ? (
          <p className="fb-faint">{note}</p>
        ) : (
          <PreviewOf preview={preview} glance />
        )}
      </div>
    );
  }
  const shown = peek.columns.slice(0, MOST_COLUMNS);
  const more = peek.width - shown.length;
  return (
    <>
      <table className="fb-edge-columns">
        <tbody>
          {shown.map((column, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
            <ColumnRow key={i} column={column} first={peek.first.map((row) => row[i] ?? null)} />
          ))}
        </tbody>
      </table>
      <p className="fb-faint">
        {(peek.rows ?? 0).toLocaleString("en-US")} × {peek.width}
        {more > 0 && `, ${more} more columns`}
        {peek.sampled !== null && `; bars of the first ${peek.sampled.toLocaleString("en-US")}`}
      </p>
    </>
  );
}

type Cell = Peek["first"][number][number];

interface ColumnRowProps {
  readonly column: PeekColumn;
  readonly first: readonly Cell[];
}

function ColumnRow({ column, first }: ColumnRowProps) {
  const { name, dtype, nulls, bars } = column;
  return (
    <tr>
      <th scope="row">
        {name} <span>{dtype}</span>
      </th>
      <td>
        <Bars bars={bars} label={`Spread of ${name}`} />
      </td>
      <td data-numeric={isNumeric(dtype) || undefined}>{rangeOf(column, first)}</td>
      <td className="fb-faint">{nulls ? `${nulls.toLocaleString("en-US")} missing` : ""}</td>
    </tr>
  );
}

/** Where values lie, or what they are like: `-4.2 … 35.6`, `4 different`, the first one. */
export function rangeOf(column: PeekColumn, first: readonly Cell[]): string {
  if (column.min !== null && column.max !== null)
    return `${cellText(column.min, 1)} … ${cellText(column.max, 1)}`;
  if (column.distinct !== null) return `${column.distinct.toLocaleString("en-US")} different`;
  return first[0] === undefined ? "" : cellText(first[0], 1);
}
