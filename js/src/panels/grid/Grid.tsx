/** A table of any size: rows are asked for as they come into sight. */
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { launchOf } from "../../editor/launch";
import type { TablePreview } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import { useLaunch } from "../../view/useLaunch";
import { cellText, decimalsOf, isNumeric, widthOf } from "./cells";
import { at, type Cursor, isSelected, moved, selected } from "./cursor";
import { GridFoot } from "./GridFoot";
import { GridHead } from "./GridHead";
import { MOST_COPIED, Pages, type Row, type Source } from "./pages";
import { ROW, scrolledTo, sight } from "./rows";
import "./grid.css";

const MOST_SEEN = 12;
/** As high as grid.css has them. */
const HEAD = 44;
const SCROLL_BAR = 12;
/** Room for the numbers of rows. */
const GUTTER = 46;
const SAMPLE = 30;

interface GridProps {
  readonly preview: TablePreview;
  readonly source: Source;
}

export function Grid({ preview, source }: GridProps) {
  const editor = useEditor();
  const { node, port, side, scope } = source;
  const pages = useMemo(
    () =>
      new Pages(
        { node, port, side, scope },
        (question) => editor.session.request<"PAGE">(question),
        preview,
      ),
    [editor, node, port, side, scope, preview],
  );
  return (
    <Table key={`${node}.${port}.${scope}`} pages={pages} source={source} locked={scope !== ""} />
  );
}

interface TableProps {
  readonly pages: Pages;
  readonly source: Source;
  /** Cells cannot be changed: they are of one turn of a container. */
  readonly locked: boolean;
}

function Table({ pages, source, locked }: TableProps) {
  const editor = useEditor();
  const launch = launchOf(editor);
  const port = `${source.node}.${source.port}`;
  const edits = useLaunch(launch).changed[port];
  const known = useSyncExternalStore(pages.subscribe, pages.read);
  const { columns, total, order } = known;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [cursor, setCursor] = useState<Cursor>(at(0, 0));
  const [editing, setEditing] = useState(false);
  const [widths, resize] = useReducer(
    (before: Readonly<Record<number, number>>, [column, width]: readonly [number, number]) => ({
      ...before,
      [column]: width,
    }),
    {},
  );
  const id = useId();
  const wanted = Math.max(1, Math.min(total, MOST_SEEN)) * ROW + HEAD + SCROLL_BAR;
  const view = Math.max(ROW, (box.current?.clientHeight ?? wanted) - HEAD);
  const seen = sight(total, top, view);
  useEffect(() => pages.look(seen.first, seen.count), [pages, seen.first, seen.count]);
  useEffect(() => setCursor((before) => (before.row < total ? before : at(0, 0))), [total]);
  useWheel(box, seen.scale);

  const first: Row[] = [];
  for (let i = 0; i < Math.min(total, SAMPLE); i++) first.push(pages.row(i) ?? []);
  const wide = columns.map((one, i) => widths[i] ?? widthOf(one.name, i, first));
  const decimals = columns.map((_, i) => decimalsOf(first.map((row) => row[i] ?? null)));

  const go = useCallback(
    (next: Cursor) => {
      setCursor(next);
      const element = box.current;
      if (element === null) return;
      const to = scrolledTo(next.row, total, element.scrollTop, view);
      if (to !== element.scrollTop) element.scrollTop = to;
      const left = wide.slice(0, next.column).reduce((all, one) => all + one, 0);
      const right = left + (wide[next.column] ?? 0) + GUTTER;
      if (left < element.scrollLeft) element.scrollLeft = left;
      else if (right > element.scrollLeft + element.clientWidth)
        element.scrollLeft = right - element.clientWidth;
    },
    [total, view, wide],
  );
  const copy = async () => {
    const { top, bottom, left, right } = selected(cursor);
    await navigator.clipboard?.writeText(await pages.text(top, bottom, left, right));
    const rows = Math.min(bottom - top + 1, MOST_COPIED);
    editor.say(`Copied ${rows.toLocaleString("en-US")} × ${right - left + 1} cells`);
  };
  const sort = (column: number) => {
    const again = order.sort === column;
    if (again && order.descending) pages.arrange({ sort: -1, descending: false });
    else pages.arrange({ sort: column, descending: again });
  };
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== box.current) return;
    const far = event.ctrlKey || event.metaKey;
    const extent = { rows: total, columns: columns.length, page: Math.floor(view / ROW) - 1 };
    const next = moved(cursor, event, extent);
    if (next !== null) go(next);
    else if (far && event.key === "c") void copy();
    else if ((event.key === "Enter" || event.key === "F2") && !locked) setEditing(true);
    else if (event.key === "s" && !far) sort(cursor.column);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const commit = (text: string | null) => {
    setEditing(false);
    box.current?.focus();
    const row = pages.lies(cursor.row);
    if (text === null || row === undefined) return;
    const before = pages.row(cursor.row)?.[cursor.column] ?? null;
    const same = text === (before === null ? "" : String(before));
    const { column } = cursor;
    launch.edit(port, same ? null : { row, column, value: text }, row, column);
  };
  return (
    <div className="fb-grid">
      {/* biome-ignore lint/a11y/useSemanticElements: a table is no window on ten million rows */}
      <div
        ref={box}
        className="fb-grid-box"
        role="grid"
        aria-label={`Rows of ${source.port}`}
        aria-rowcount={total + 1}
        aria-colcount={columns.length}
        aria-busy={known.asking}
        aria-activedescendant={`${id}-${cursor.row}-${cursor.column}`}
        tabIndex={0}
        style={{ height: wanted }}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onKeyDown={keys}
      >
        <GridHead
          columns={columns}
          widths={wide}
          order={order}
          gutter={GUTTER}
          onSort={sort}
          onResize={(column, width) => resize([column, width])}
        />
        <div className="fb-grid-rows" style={{ height: seen.height, width: GUTTER + sum(wide) }}>
          {Array.from({ length: seen.count }, (_, i) => {
            const index = seen.first + i;
            const lies = pages.lies(index);
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
              <div
                key={index}
                className="fb-grid-row"
                role="row"
                aria-rowindex={index + 2}
                style={{ transform: `translateY(${seen.offset + i * ROW}px)` }}
              >
                <span className="fb-grid-number" aria-hidden="true" style={{ width: GUTTER }}>
                  {((lies ?? index) + 1).toLocaleString("en-US")}
                </span>
                {columns.map((column, j) => {
                  const edit = lies === undefined ? undefined : edits?.[`${lies}:${j}`];
                  const row = pages.row(index);
                  const cell = edit ? edit.value : (row?.[j] ?? null);
                  const here = index === cursor.row && j === cursor.column;
                  const text = row === undefined ? "" : cellText(cell, decimals[j] ?? 0);
                  return (
                    // biome-ignore lint/a11y/useSemanticElements: as above
                    // biome-ignore lint/a11y/useFocusableInteractive: as above
                    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys
                    <div
                      // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
                      key={j}
                      id={`${id}-${index}-${j}`}
                      role="gridcell"
                      aria-colindex={j + 1}
                      aria-selected={isSelected(cursor, index, j)}
                      data-here={here || undefined}
                      data-numeric={isNumeric(column.dtype) || undefined}
                      data-none={(row !== undefined && cell === null) || undefined}
                      data-edited={edit !== undefined || undefined}
                      title={text.length > 24 ? text : undefined}
                      style={{ width: wide[j] }}
                      onClick={(event) =>
                        go(event.shiftKey ? { ...cursor, row: index, column: j } : at(index, j))
                      }
                      onDoubleClick={() => !locked && setEditing(true)}
                    >
                      {here && editing ? <CellInput text={raw(cell)} onDone={commit} /> : text}
                    </div>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
      <GridFoot known={known} onFind={(find, column) => pages.arrange({ find, column })} />
    </div>
  );
}

/** A wheel moves by rows even where the scroll bar stands for more of them than it has pixels. */
function useWheel(box: { readonly current: HTMLElement | null }, scale: number): void {
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || scale <= 1) return;
    const wheel = (event: WheelEvent) => {
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
      const rest = Number(element.dataset.rest ?? 0) + event.deltaY / scale;
      const whole = Math.trunc(rest * 64) / 64; // as fine as browsers keep it
      element.dataset.rest = String(rest - whole);
      element.scrollTop += whole;
      event.preventDefault();
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [box, scale]);
}

interface CellInputProps {
  readonly text: string;
  readonly onDone: (text: string | null) => void;
}

function CellInput({ text, onDone }: CellInputProps) {
  const field = useRef<HTMLInputElement>(null);
  // At once: a letter that is typed before would be selected with the rest, and replaced.
  useLayoutEffect(() => field.current?.select(), []);
  return (
    <input
      ref={field}
      aria-label="Value of the cell"
      defaultValue={text}
      onBlur={(event) => onDone(event.currentTarget.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") onDone(event.currentTarget.value);
        if (event.key === "Escape") onDone(null);
      }}
    />
  );
}

function raw(cell: string | number | boolean | null): string {
  return cell === null ? "" : String(cell);
}

function sum(widths: readonly number[]): number {
  return widths.reduce((all, one) => all + one, 0);
}
