/** All that happened, one row an event; the row of the moment is the one that is chosen. */
import {
  type KeyboardEvent,
  type UIEvent,
  useCallback,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
} from "react";
import type { EditorState } from "../editor/editor";
import { scrollTo, sliceOf } from "../model/windowing";
import type { Event } from "../protocol/generated";
import { useShell } from "../view/shell";
import { useEditor, useEditorState } from "../view/useEditor";
import { selectFlow, useStore } from "../view/useStore";
import type { PastState } from "./desk";
import { rowOf, sifted } from "./model/sifting";
import { nodeOf } from "./model/stops";
import { clock, FAMILIES, type Family, placeName, told, toneOf } from "./model/telling";
import { useCalmPast, useDesk, usePast } from "./useDesk";

const ROW = 40;
/** Rows change all at once while the time is dragged, and nobody reads them faster. */
const CALM_MS = 200;
const selectCount = (state: PastState) => state.count;
const selectLength = (state: PastState) => state.length;
const selectSieve = (state: PastState) => state.sieve;
const selectOfSelected = (state: PastState) => state.ofSelected;
const selectNodes = (state: EditorState) => state.nodes;

export function EventList() {
  const editor = useEditor();
  const desk = useDesk();
  const shell = useShell();
  const id = useId();
  const chosen = useEditorState(selectNodes);
  const flow = useStore(editor.store, selectFlow);
  const count = useCalmPast(selectCount, CALM_MS);
  const length = usePast(selectLength);
  const sieve = usePast(selectSieve);
  const ofSelected = usePast(selectOfSelected);
  const { events } = desk;
  const nodes = ofSelected && chosen.size > 0 ? chosen : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `events` is another list when it grew
  const shown = useMemo(() => sifted(events, { ...sieve, nodes }), [events, length, sieve, nodes]);
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const view = useRef({ top: 0, height: 600 });
  /** Where the list was scrolled to last, by whomever. */
  const stands = useRef(0);
  const at = rowOf(shown, count);
  const last = useRef(-1);
  if (at !== last.current && at >= 0)
    view.current.top = scrollTo(at, ROW, view.current.top, view.current.height);
  last.current = at;
  const { top, height } = view.current;
  const slice = sliceOf(shown.length, ROW, top, height);
  const drawn = useRef(slice);
  drawn.current = slice;
  const known = useMemo(() => new Set(flow?.nodes.map((node) => node.name)), [flow]);

  /** Draw other rows only where those that are drawn do not reach. */
  const reach = useCallback(() => {
    const { top, height } = view.current;
    const { from, to } = drawn.current;
    if (top < from * ROW || top + height > to * ROW) redraw();
  }, []);
  // Where it stands is told by what is scrolled, and how high it is when that changes: to ask for
  // either while the time is dragged has the whole page laid out at once, in the middle of a frame.
  const scrolled = useCallback(
    (event: UIEvent<HTMLElement>) => {
      const { scrollTop } = event.currentTarget;
      stands.current = scrollTop;
      view.current = { ...view.current, top: scrollTop };
      reach();
    },
    [reach],
  );
  const empty = shown.length === 0;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || empty) return;
    stands.current = 0; // another element, which is not scrolled yet
    const watch = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      view.current = { ...view.current, height: entry.contentRect.height };
      reach();
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [empty, reach]);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || Math.abs(stands.current - top) < 1) return;
    stands.current = top;
    element.scrollTop = top;
  });

  // Rows that go out of sight at one end come in at the other: a scrub makes no new elements.
  const slots = Math.max(1, slice.to - slice.from);
  const go = (row: number) => {
    const index = shown[Math.max(0, Math.min(shown.length - 1, row))];
    const event = index === undefined ? undefined : events[index];
    if (index === undefined || event === undefined) return;
    desk.go(index + 1);
    const node = nodeOf(event);
    if (!ofSelected && known.has(node)) editor.reveal(node);
  };
  const keys = (pressed: KeyboardEvent) => {
    if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const here = Math.max(0, rowOf(shown, desk.state.count)); // which may not be drawn yet
    const to: Readonly<Record<string, number>> = {
      ArrowDown: here + 1,
      ArrowUp: here - 1,
      PageDown: here + page,
      PageUp: here - page,
      Home: 0,
      End: shown.length - 1,
    };
    const next = to[pressed.key];
    const index = shown[here];
    const event = index === undefined ? undefined : events[index];
    if (next !== undefined) go(next);
    else if (pressed.key === "Enter" && event !== undefined && known.has(nodeOf(event)))
      shell.open(nodeOf(event));
    else return;
    pressed.preventDefault();
    pressed.stopPropagation();
  };
  return (
    <>
      <Filter shown={shown.length} />
      {shown.length === 0 ? (
        <p className="fb-faint fb-events-none">
          {length === 0 ? "Nothing has happened yet." : "No event is like that."}
        </p>
      ) : (
        <div
          ref={box}
          className="fb-events"
          role="listbox"
          aria-label="Events of the run"
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          tabIndex={0}
          onKeyDown={keys}
          onScroll={scrolled}
        >
          <div style={{ height: slice.before }} role="presentation" />
          {shown.slice(slice.from, slice.to).map((index, i) => {
            const event = events[index];
            if (event === undefined) return null;
            const row = slice.from + i;
            return (
              <Row
                key={row % slots}
                id={`${id}-${row}`}
                event={event}
                row={row}
                of={shown.length}
                here={row === at}
                later={index >= count}
                chosen={chosen.has(nodeOf(event))}
                onGo={() => go(row)}
                onOpen={() => known.has(nodeOf(event)) && shell.open(nodeOf(event))}
              />
            );
          })}
          <div style={{ height: slice.behind }} role="presentation" />
        </div>
      )}
    </>
  );
}

interface RowProps {
  readonly id: string;
  readonly event: Event;
  readonly row: number;
  readonly of: number;
  readonly here: boolean;
  /** It has not happened at this moment. */
  readonly later: boolean;
  readonly chosen: boolean;
  readonly onGo: () => void;
  readonly onOpen: () => void;
}

function Row({ id, event, row, of, here, later, chosen, onGo, onOpen }: RowProps) {
  const what = told(event);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and says which row
    <div
      id={id}
      className="fb-event"
      role="option"
      aria-selected={here}
      aria-setsize={of}
      aria-posinset={row + 1}
      data-status={toneOf(event)}
      data-later={later || undefined}
      data-chosen={chosen || undefined}
      title={`#${event.seq} ${event.kind}\n${what}`}
      onClick={onGo}
      onDoubleClick={onOpen}
    >
      <i className="fb-state-icon" aria-hidden="true" />
      <div>
        <span className="fb-event-node">{placeName(event) || "Run"}</span>
        <time>{clock(event.at)}</time>
        <span className="fb-event-what">{what}</span>
      </div>
    </div>
  );
}

/** What is listed. */
function Filter({ shown }: { readonly shown: number }) {
  const desk = useDesk();
  const sieve = usePast(selectSieve);
  const ofSelected = usePast(selectOfSelected);
  const length = usePast(selectLength);
  const chosen = useEditorState(selectNodes);
  const turn = (family: Family) => {
    const without = new Set(sieve.without);
    if (!without.delete(family)) without.add(family);
    desk.change({ sieve: { ...sieve, without } });
  };
  return (
    <div className="fb-events-filter">
      <input
        type="search"
        aria-label="Find in events"
        placeholder="Find in events"
        value={sieve.text}
        onInput={(event) => desk.change({ sieve: { ...sieve, text: event.currentTarget.value } })}
      />
      <details>
        <summary>
          Kinds
          {sieve.without.size > 0 && <span className="fb-count">−{sieve.without.size}</span>}
        </summary>
        <fieldset>
          <legend className="fb-unseen">Kinds of events</legend>
          {(Object.keys(FAMILIES) as Family[]).map((family) => (
            <label key={family}>
              <input
                type="checkbox"
                checked={!sieve.without.has(family)}
                onChange={() => turn(family)}
              />
              {FAMILIES[family]}
            </label>
          ))}
        </fieldset>
      </details>
      <label>
        <input
          type="checkbox"
          checked={ofSelected}
          onChange={(event) => desk.change({ ofSelected: event.currentTarget.checked })}
        />
        Selected nodes only
      </label>
      <p className="fb-faint" role="status">
        {ofSelected && chosen.size === 0 && "No node is selected: all are listed. "}
        {shown === length
          ? `${length.toLocaleString("en-US")} ${length === 1 ? "event" : "events"}`
          : `${shown.toLocaleString("en-US")} of ${length.toLocaleString("en-US")} events`}
      </p>
    </div>
  );
}
