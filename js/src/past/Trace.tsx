/** What ran when, as a chart of lines over time or as a table; the critical path stands out. */
import {
  type KeyboardEvent,
  useCallback,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { EditorState } from "../editor/editor";
import { duration } from "../model/selectors";
import { FEW, scrollTo, sliceOf } from "../model/windowing";
import { useShell } from "../view/shell";
import { useEditor, useEditorState } from "../view/useEditor";

import { axisOf, ticksOf, timePlace } from "./model/axis";
import { criticalOf } from "./model/critical";
import { type Line, linesOf, type Span, shares } from "./model/trace";
import { useDesk, usePast } from "./useDesk";

const ROW = 24;
const TICKS = 10;
const MOST_ZOOM = 64;
const selectNodes = (state: EditorState) => state.nodes;

interface TraceProps {
  readonly height: number;
  readonly shape: "chart" | "table";
}

export function Trace({ height, shape }: TraceProps) {
  const desk = useDesk();
  const length = usePast((state) => state.length);
  const [zoom, setZoom] = useState(1);
  const [onlyCritical, setOnlyCritical] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the events are others when there are more
  const lines = useMemo(() => linesOf(desk.events), [desk, length]);
  const critical = useMemo(() => criticalOf(desk.events, lines), [desk, lines]);
  const path = useMemo(() => new Set(critical.path), [critical]);
  const shown = onlyCritical ? lines.filter((line) => path.has(line.key)) : lines;
  return (
    <section className="fb-trace" style={{ height }} aria-label="Trace">
      <header>
        <h3>Trace</h3>
        {critical.path.length > 0 && (
          <span className="fb-faint">
            Critical path: {critical.path.length} of {lines.filter((one) => one.level === 0).length}{" "}
            nodes, {duration(critical.ms)}, of which {duration(critical.work)} at work
          </span>
        )}
        <label>
          <input
            type="checkbox"
            checked={onlyCritical}
            onChange={(event) => setOnlyCritical(event.currentTarget.checked)}
          />
          Critical path only
        </label>
        {shape === "chart" && (
          <span className="fb-trace-zoom">
            <button
              type="button"
              className="fb-tool"
              aria-label="Zoom out in time"
              title="Zoom out (−)"
              disabled={zoom <= 1}
              onClick={() => setZoom(Math.max(1, zoom / 2))}
            >
              −
            </button>
            <button
              type="button"
              className="fb-tool"
              aria-label="Zoom in in time"
              title="Zoom in (+)"
              disabled={zoom >= MOST_ZOOM}
              onClick={() => setZoom(Math.min(MOST_ZOOM, zoom * 2))}
            >
              +
            </button>
          </span>
        )}
        <button
          type="button"
          className="fb-button fb-quiet"
          data-action="trace-shape"
          onClick={() => desk.change({ trace: shape === "chart" ? "table" : "chart" })}
        >
          {shape === "chart" ? "As a table" : "As a chart"}
        </button>
      </header>
      {shown.length === 0 ? (
        <p className="fb-faint fb-events-none">No node has begun.</p>
      ) : shape === "table" ? (
        <Table lines={shown} path={path} />
      ) : (
        <Chart lines={shown} path={path} zoom={zoom} onZoom={setZoom} />
      )}
    </section>
  );
}

interface ChartProps {
  readonly lines: readonly Line[];
  readonly path: ReadonlySet<string>;
  readonly zoom: number;
  readonly onZoom: (zoom: number) => void;
}

function Chart({ lines, path, zoom, onZoom }: ChartProps) {
  const desk = useDesk();
  const editor = useEditor();
  const shell = useShell();
  const id = useId();
  const chosen = useEditorState(selectNodes);
  const count = usePast((state) => state.count);
  const length = usePast((state) => state.length);
  const [at, setAt] = useState(0);
  const [view, setView] = useState({ top: 0, height: 240 });
  const box = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the events are others when there are more
  const axis = useMemo(() => axisOf(desk.events, "time"), [desk, length]);
  const slice = sliceOf(lines.length, ROW, view.top, view.height);
  const measure = useCallback(() => {
    const element = box.current;
    if (element !== null) setView({ top: element.scrollTop, height: element.clientHeight });
  }, []);
  useLayoutEffect(measure, [measure]);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.scrollTop = scrollTo(at, ROW, element.scrollTop, element.clientHeight - ROW);
  }, [at]);

  const go = (row: number) => {
    const next = Math.max(0, Math.min(lines.length - 1, row));
    const line = lines[next];
    setAt(next);
    if (line !== undefined) editor.reveal(line.node);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const line = lines[at];
    const to: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: lines.length - 1,
    };
    const next = to[event.key];
    if (next !== undefined) go(next);
    else if (event.key === "+" || event.key === "=") onZoom(Math.min(MOST_ZOOM, zoom * 2));
    else if (event.key === "-") onZoom(Math.max(1, zoom / 2));
    else if (event.key === "ArrowRight") desk.step(1);
    else if (event.key === "ArrowLeft") desk.step(-1);
    else if (event.key === "Enter" && line !== undefined) shell.open(line.node);
    else if (event.key === " " && line?.spans[0] !== undefined) desk.go(line.spans[0].count);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const now = desk.events[count - 1]?.at ?? axis.to;
  return (
    <div
      ref={box}
      className="fb-trace-box"
      role="listbox"
      aria-label="Nodes by when they began"
      aria-activedescendant={`${id}-${at}`}
      tabIndex={0}
      onKeyDown={keys}
      onScroll={lines.length > FEW ? measure : undefined}
    >
      <div className="fb-trace-all" style={{ width: `calc(180px + ${zoom} * (100% - 190px))` }}>
        <div className="fb-trace-scale" aria-hidden="true">
          <i className="fb-trace-now" style={{ left: `${timePlace(axis, now) * 100}%` }} />
          {ticksOf(axis, TICKS * zoom).map((tick) => (
            <span key={tick.place} style={{ left: `${tick.place * 100}%` }}>
              {tick.label}
            </span>
          ))}
        </div>
        <div style={{ height: slice.before }} role="presentation" />
        {lines.slice(slice.from, slice.to).map((line, i) => (
          <Row
            key={line.key}
            id={`${id}-${slice.from + i}`}
            line={line}
            of={lines.length}
            row={slice.from + i}
            active={slice.from + i === at}
            chosen={chosen.has(line.node)}
            critical={path.has(line.key)}
            place={(time) => timePlace(axis, time)}
            from={axis.from}
            onGo={() => go(slice.from + i)}
            onMoment={(count) => desk.go(count)}
            onOpen={() => shell.open(line.node)}
          />
        ))}
        <div style={{ height: slice.behind }} role="presentation" />
      </div>
    </div>
  );
}

interface RowProps {
  readonly id: string;
  readonly line: Line;
  readonly row: number;
  readonly of: number;
  readonly active: boolean;
  readonly chosen: boolean;
  readonly critical: boolean;
  readonly place: (time: number) => number;
  readonly from: number;
  readonly onGo: () => void;
  readonly onMoment: (count: number) => void;
  readonly onOpen: () => void;
}

function Row(props: RowProps) {
  const { id, line, row, of, active, chosen, critical, place, from, onGo, onMoment, onOpen } =
    props;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and says which row
    <div
      id={id}
      className="fb-trace-row"
      role="option"
      aria-selected={chosen}
      aria-setsize={of}
      aria-posinset={row + 1}
      aria-label={spoken(line, from, critical)}
      data-active={active || undefined}
      data-critical={critical || undefined}
      onClick={(event) => {
        onGo();
        const { count } = (event.target as HTMLElement).dataset;
        if (count !== undefined) onMoment(Number(count));
      }}
      onDoubleClick={onOpen}
    >
      <span className="fb-trace-name" style={{ paddingInlineStart: 8 + line.level * 14 }}>
        {critical && <i aria-hidden="true">◆</i>}
        <span title={line.key}>{line.key}</span>
      </span>
      <span className="fb-trace-bars">
        {line.spans.map((span) => (
          <i
            key={span.count}
            data-kind={span.kind}
            data-status={span.outcome}
            title={`${SPOKEN[span.kind]}${span.kind === "attempt" ? ` ${span.attempt}` : ""}: ${duration((span.to - span.from) * 1000)}`}
            style={{
              left: `${place(span.from) * 100}%`,
              width: `${(place(span.to) - place(span.from)) * 100}%`,
            }}
            data-count={span.count}
          />
        ))}
        {line.spans.length === 0 && (
          <i data-kind="reused" title="Reused" style={{ left: `${place(line.from) * 100}%` }} />
        )}
      </span>
    </div>
  );
}

const SPOKEN: Readonly<Record<Span["kind"], string>> = {
  queued: "Ready, waiting for room",
  attempt: "Attempt",
  backoff: "Until the next attempt",
  suspended: "Waiting for something outside",
  turns: "Its turns",
};

function spoken(line: Line, from: number, critical: boolean): string {
  const { work, waits } = shares(line);
  return [
    line.key,
    line.outcome,
    `began ${duration((line.from - from) * 1000)} in`,
    `${duration(work)} at work`,
    waits >= 1 ? `${duration(waits)} waiting` : "",
    line.attempts > 1 ? `${line.attempts} attempts` : "",
    critical ? "on the critical path" : "",
  ]
    .filter(Boolean)
    .join(", ");
}

const MOST_ROWS = 2000;

function Table({ lines, path }: Pick<ChartProps, "lines" | "path">) {
  const desk = useDesk();
  const from = desk.events[0]?.at ?? 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long tables are scrolled by keyboard
    <section className="fb-trace-box fb-trace-table" tabIndex={0} aria-label="Trace table">
      <table>
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">Began</th>
            <th scope="col">At work</th>
            <th scope="col">Waiting</th>
            <th scope="col">Attempts</th>
            <th scope="col">Outcome</th>
            <th scope="col">Critical path</th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, MOST_ROWS).map((line) => {
            const { work, waits } = shares(line);
            return (
              <tr key={line.key}>
                <th scope="row">{line.key}</th>
                <td>{duration((line.from - from) * 1000)}</td>
                <td>{duration(work)}</td>
                <td>{waits < 1 ? "–" : duration(waits)}</td>
                <td>{line.attempts}</td>
                <td>{line.outcome}</td>
                <td>{path.has(line.key) ? "yes" : ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {lines.length > MOST_ROWS && (
        <p className="fb-faint">{lines.length - MOST_ROWS} more are left out.</p>
      )}
    </section>
  );
}
