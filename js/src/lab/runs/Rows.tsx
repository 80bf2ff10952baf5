// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, which a table's cannot be
// biome-ignore-all lint/a11y/useFocusableInteractive: rows are placed one by one, which a table's cannot be
/**
 * The list itself: a grid of which only what is in view is drawn, and the row with the focus. Where
 * the user looks stays where it is when rows come or go above.
 */
import {
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { ActionName } from "./actions";
import { pressed } from "./keys";
import type { RunsModel, View } from "./model";
import { heightOf, Row } from "./Row";
import { going } from "./run";
import { Foot } from "./States";
import { choose } from "./selection";
import { offsets, rowAt, span } from "./span";

const BEYOND = 6;
const NEAR = 800;
/** Pixels before the end of the list at which the next page is asked for. */

export interface RowsProps {
  readonly model: RunsModel;
  readonly view: View;
  readonly wide: boolean;
  readonly onDo: (name: ActionName, id: string) => void;
}

export function Rows({ model, view, wide, onDo }: RowsProps): ReactNode {
  const { trans } = model;
  const { list, selection, open, refused } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const { top, height, onScroll } = useScroll(scroller, model);
  const heights = useMemo(
    () =>
      list.rows.map((run) =>
        heightOf(run, { wide, open: open.has(run.id), refused: refused.has(run.id) }),
      ),
    [list.rows, wide, open, refused],
  );
  const tops = useMemo(() => offsets(heights), [heights]);
  const ids = useMemo(() => list.rows.map(({ id }) => id), [list.rows]);
  const total = tops[tops.length - 1] ?? 0;
  const [from, to] = span(tops, top, height, BEYOND);
  const active = selection.active === null ? -1 : ids.indexOf(selection.active);
  const drawn = new Set(Array.from({ length: to - from }, (_, n) => from + n));
  if (active !== -1) drawn.add(active);
  const shown = [...drawn].sort((one, other) => one - other);
  const now = useNow(shown.some((n) => going(list.rows[n] as (typeof list.rows)[0])));
  useAnchor(scroller, ids, tops);
  useFocus(scroller, view, active, tops);
  useEffect(() => {
    if (list.phase === "ready" && top + height + NEAR > total) model.more();
  }, [model, list, top, height, total]);
  const onChoose = useCallback(
    (id: string, event: MouseEvent) => {
      const way = event.shiftKey ? "range" : event.ctrlKey || event.metaKey ? "toggle" : "plain";
      model.select(choose(model.view.selection, idsOf(model), id, way));
    },
    [model],
  );
  const onMenu = useCallback(
    (id: string) => {
      const { selection } = model.view;
      // The menu acts on what is chosen, if it was opened there.
      const way = selection.chosen.has(id) ? "move" : "plain";
      model.select(choose(selection, idsOf(model), id, way));
    },
    [model],
  );
  const onOpen = useCallback((id: string) => model.toggleOpen(id), [model]);
  const onForgive = useCallback((id: string) => model.forgive(id), [model]);
  const onFocus = ({ target }: FocusEvent) => {
    const id = (target as HTMLElement).closest<HTMLElement>(".fb-runs-row")?.dataset.run;
    // The first row can be come to before any was chosen.
    if (id !== undefined && model.view.selection.active === null)
      model.select(choose(model.view.selection, ids, id));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (stepAside(event)) return;
    const page = Math.max(1, Math.floor(height / (heights[active] ?? 46)) - 1);
    const next = pressed(selection, ids, page, event);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    model.select(next);
    if (next.active === ids.at(-1)) model.more();
    model.focus();
  };
  return (
    <div className="fb-runs-scroller" ref={scroller} onScroll={onScroll}>
      <div
        role="grid"
        className="fb-runs-grid"
        aria-label={trans.__("Runs")}
        aria-rowcount={list.next === null ? ids.length + (wide ? 1 : 0) : -1}
        aria-multiselectable="true"
        aria-busy={list.phase === "loading"}
        onFocus={onFocus}
        onKeyDown={onKeyDown}
      >
        {wide && <Head trans={trans} />}
        <div role="rowgroup" className="fb-runs-body" style={{ height: total }}>
          {shown.map((n) => {
            const run = list.rows[n] as (typeof list.rows)[0];
            return (
              <Row
                key={run.id}
                {...{ run, wide, trans, onChoose, onDo, onMenu, onOpen, onForgive }}
                now={now}
                index={n}
                top={tops[n] ?? 0}
                height={heights[n] ?? 0}
                active={n === (active === -1 ? 0 : active)}
                chosen={selection.chosen.has(run.id)}
                open={open.has(run.id)}
                refused={refused.get(run.id)}
              />
            );
          })}
        </div>
      </div>
      <Foot model={model} view={view} />
    </div>
  );
}

function idsOf(model: RunsModel): readonly string[] {
  return model.view.list.rows.map(({ id }) => id);
}

function Head({ trans }: { readonly trans: RunsModel["trans"] }): ReactNode {
  const names = [
    trans.__("Status"),
    trans.__("Flow"),
    trans.__("Trigger"),
    trans.__("Started"),
    trans.__("Duration"),
    trans.__("Error or current node"),
    trans.__("Actions"),
  ];
  return (
    <div role="rowgroup" className="fb-runs-head">
      <div role="row" aria-rowindex={1}>
        {names.map((name) => (
          <span role="columnheader" key={name}>
            {name}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Left and Right go between a row and its buttons; what a button does with a key is its own. */
function stepAside(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  const row = target.closest<HTMLElement>(".fb-runs-row");
  if (row === null) return true;
  const stops = [row, ...row.querySelectorAll<HTMLElement>("button, pre")];
  const at = stops.indexOf(target);
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    const to = stops[at + (event.key === "ArrowRight" ? 1 : -1)];
    to?.focus();
    event.preventDefault();
    return true;
  }
  if (event.key === "Escape" && at > 0) {
    row.focus();
    event.preventDefault();
    return true;
  }
  return at > 0 && (event.key === " " || target.tagName === "PRE");
}

/** The time as rows have it: to the second while one of them goes on. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), ticking ? 1_000 : 30_000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}

function useScroll(scroller: { readonly current: HTMLDivElement | null }, model: RunsModel) {
  const [view, setView] = useState({ top: 0, height: 600 });
  const read = useCallback(() => {
    const node = scroller.current;
    if (node === null) return;
    model.atTop = node.scrollTop < 8;
    setView({ top: node.scrollTop, height: node.clientHeight });
    if (model.atTop && model.view.list.held.length > 0) model.release();
  }, [scroller, model]);
  useLayoutEffect(() => {
    const node = scroller.current;
    if (node === null) return;
    const observer = new ResizeObserver(read);
    observer.observe(node);
    read();
    return () => observer.disconnect();
  }, [scroller, read]);
  return { ...view, onScroll: read };
}

/** Keep the first row in view where it is when those above it change. */
function useAnchor(
  scroller: { readonly current: HTMLDivElement | null },
  ids: readonly string[],
  tops: Float64Array,
): void {
  const before = useRef<{ ids: readonly string[]; tops: Float64Array } | null>(null);
  useLayoutEffect(() => {
    const node = scroller.current;
    const last = before.current;
    before.current = { ids, tops };
    if (node === null || last === null || node.scrollTop < 8 || last.tops === tops) return;
    const first = rowAt(last.tops, node.scrollTop);
    const there = new Map(ids.map((id, n) => [id, n]));
    for (let n = first; n < last.ids.length; n++) {
      const now = there.get(last.ids[n] as string);
      if (now === undefined) continue; // it has gone: go by the next one
      const moved = (tops[now] ?? 0) - (last.tops[n] ?? 0);
      if (moved !== 0) node.scrollTop += moved;
      return;
    }
  }, [scroller, ids, tops]);
}

/** Put the focus on the active row when asked, or when the row that had it has gone. */
function useFocus(
  scroller: { readonly current: HTMLDivElement | null },
  { focus, selection }: View,
  active: number,
  tops: Float64Array,
): void {
  const asked = useRef(focus);
  const had = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of each selection, by its own row
  useLayoutEffect(() => {
    const node = scroller.current;
    if (node === null) return;
    const wanted = asked.current !== focus;
    asked.current = focus;
    const lost = had.current && document.activeElement === document.body;
    if (wanted || lost) {
      const head = node.querySelector<HTMLElement>(".fb-runs-head")?.offsetHeight ?? 0;
      const n = Math.max(active, 0);
      const [from, to] = [tops[n] ?? 0, tops[n + 1] ?? 0];
      if (from < node.scrollTop) node.scrollTop = from;
      else if (to > node.scrollTop + node.clientHeight - head)
        node.scrollTop = to - node.clientHeight + head;
      node.querySelector<HTMLElement>('.fb-runs-row[tabindex="0"]')?.focus({ preventScroll: true });
    }
    had.current = node.contains(document.activeElement);
  }, [scroller, focus, selection, active, tops]);
  useEffect(() => {
    const node = scroller.current;
    const note = () => {
      had.current = node?.contains(document.activeElement) ?? false;
    };
    document.addEventListener("focusin", note);
    return () => document.removeEventListener("focusin", note);
  }, [scroller]);
}
