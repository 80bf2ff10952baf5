/** What a kernel answers to whoever looks into runs: a large table, made as it is asked for. */
import type { Event, KernelMessage, Preview, ViewMessage } from "../src/protocol/generated";

type Asked = Extract<ViewMessage, { readonly rid: number }>;
type Cell = string | number | boolean | null;

export const LARGE = 1_000_000;
const COLUMNS = [
  { name: "date", dtype: "datetime64[ns]", nulls: 0 },
  { name: "station", dtype: "str", nulls: 0 },
  { name: "max_temp", dtype: "float64", nulls: 1204 },
  { name: "rain", dtype: "float64", nulls: 0 },
  { name: "days", dtype: "int64", nulls: 0 },
];
const STATIONS = ["Seattle", "Portland", "Spokane", "Tacoma"];
/** A text of which only the start is sent. */
export const LONG = Array.from(
  { length: 6_000 },
  (_, i) =>
    `${String(i).padStart(4, "0")} station ${STATIONS[i % 4]} reported ${(i * 37) % 90} mm of rain, which is what one expects of a month like this, and nothing else worth a line\n`,
).join("");

function cells(row: number): Cell[] {
  const day = new Date(Date.UTC(2012, 0, 1 + (row % 1461))).toISOString().slice(0, 10);
  const temp = row % 831 === 5 ? null : 12 + 11 * Math.sin(row / 58) + ((row * 7919) % 50) / 10;
  return [day, STATIONS[row % 4] ?? "", temp, ((row * 31) % 97) / 10, row];
}

export function large(): Preview {
  const rows = Array.from({ length: 50 }, (_, i) => cells(i));
  return { show: "table", columns: COLUMNS, rows, total: LARGE, width: 5, series: null };
}

/** The answer, null for what is none of these questions. */
export function look(asked: Asked): KernelMessage | null {
  const { view, rid } = asked;
  switch (asked.type) {
    case "PAGE": {
      const { start = 0, count = 100, sort = -1, descending = false, find = "" } = asked;
      const back = sort >= 0 && descending;
      const step = find === "" ? 1 : 4;
      const total = Math.ceil(LARGE / step);
      const at = Array.from({ length: Math.max(0, Math.min(count, total - start)) }, (_, i) =>
        back ? LARGE - 1 - (start + i) * step : (start + i) * step,
      );
      const told = { columns: COLUMNS, rows: at.map(cells), at, start, total };
      return { type: "PAGE", view, rid, ...told, of: LARGE, width: 5, none: "" };
    }
    case "TEXT": {
      const { start = 0 } = asked;
      const text = LONG.slice(start, start + 200_000);
      return { type: "TEXT", view, rid, text, start, total: LONG.length, none: "" };
    }
    case "PEEK": {
      const first = [0, 1, 2, 3, 4].map(cells);
      const bars = [1, 2, 4, 9, 14, 22, 31, 38, 33, 30, 26, 24, 21, 18, 12, 9, 6, 3, 2, 1];
      const columns = COLUMNS.map((one, i) => ({
        ...one,
        min: i === 1 ? null : (cells(0)[i] ?? null),
        max: i === 1 ? null : (cells(700)[i] ?? null),
        distinct: i === 1 ? 4 : null,
        bars: i === 1 ? [] : bars.map((bar) => (bar * (i + 3)) % 41),
      }));
      const told = { rows: LARGE, width: 5, columns, first, sampled: 100_000 };
      return { type: "PEEK", view, rid, ...told, shown: null, note: "" };
    }
    case "TURNS": {
      const turns = Array.from({ length: 45 }, (_, i) => ({
        scope: `each[${i}]`,
        status: i % 15 === 3 ? "failed" : i > 42 ? "running" : "succeeded",
        ms: 30 + i,
      }));
      return { type: "TURNS", view, rid, turns, more: 0 };
    }
    case "START":
      return { type: "STARTED", view, rid, run: "018f-run" };
    case "STEER":
      return { type: "STEERED", view, rid, run: "018f-run" };
    default:
      return null;
  }
}

/** The events of a run that was paused after `done`; `stepped`: one node was let go alone. */
export function paused(events: readonly Event[], stepped: boolean): Event[] {
  const done = ["server", "daily", "station", "clean"];
  const kept = events.filter((event) => !("node" in event) || done.includes(String(event.node)));
  const last = kept.at(-1);
  if (last === undefined) return [];
  const stamp = { run: last.run, seq: last.seq + 1, at: last.at };
  const held: Event[] = ["monthly", "climate"].map((name) => ({
    kind: "NODE_SCHEDULED",
    ...stamp,
    node: name,
  }));
  const let_go: Event[] = stepped
    ? [
        { kind: "NODE_SCHEDULED", ...stamp, node: "monthly", stepped: true },
        { kind: "NODE_STARTED", ...stamp, node: "monthly", attempt: 1 },
      ]
    : [];
  return [...kept, { kind: "RUN_PAUSED", ...stamp }, ...held, ...let_go];
}
