/** The tour flow in the states worth looking at, without a kernel. */
import { layout } from "../src/model/layout";
import type {
  Details,
  Event,
  FlowView,
  NodeView,
  Preview,
  ProblemView,
  Snapshot,
  StreamedView,
  StreamView,
  ValueRef,
} from "../src/protocol/generated";

const RUN = "018f-run";
const T0 = Date.now() / 1000 - 8;

export type Row = readonly [
  name: string,
  kind: string,
  inputs: string,
  outputs: string,
  options?: Record<string, string>,
];

const ROWS: readonly Row[] = [
  ["server", "python", "", "url"],
  ["daily", "http", "url=server.url", "daily", { retries: "2" }],
  ["station", "http", "url=server.url", "station", { retries: "2", backoff: "200ms" }],
  ["clean", "python", "daily=daily.daily station=station.station", "days"],
  ["monthly", "sql", "days=clean.days", "monthly"],
  ["climate", "python", "days=clean.days", "climate"],
  ["season", "router", "climate=climate.climate", "hot wet dry"],
  ["hot_days", "python", "hot=season.hot days=clean.days url=server.url", "hot_days"],
  ["wet_days", "python", "wet=season.wet days=clean.days url=server.url", "wet_days"],
  ["dry_days", "python", "dry=season.dry", "dry_days"],
  ["highlights", "merge", "hot_days=hot_days.hot_days wet_days=wet_days.wet_days", "highlights"],
  ["chart", "python", "monthly=monthly.monthly climate=climate.climate", "chart"],
  [
    "report",
    "python",
    "highlights=highlights.highlights monthly=monthly.monthly climate=climate.climate",
    "report",
  ],
];

/** What the settings of a node say, and an input that is a parameter. */
const SETTINGS: Readonly<Record<string, NodeView["settings"]>> = {
  daily: [
    { name: "url", origin: "expression", text: "{{ url }}/daily?city={{ city }}" },
    { name: "headers", origin: "secret", text: "Bearer {{ secrets.WEATHER }}" },
    { name: "method", origin: "literal", text: "GET" },
  ],
};
const PARAMETERS: Readonly<Record<string, NodeView["inputs"]>> = {
  daily: [
    { name: "city", source: "parameter city", required: true, origin: "parameter", takes: "" },
  ],
};

/** What there is to say of a node that is nothing special. */
export const PLAIN = { inside: null, contains: false, known: true, ports: {} } as const;

export function node(row: Row, index: number): NodeView {
  const [name, kind, inputs, outputs, options] = row;
  return {
    name,
    kind,
    x: 0,
    y: 0,
    inputs: [
      ...pairs(inputs).map(([input, source]) => ({
        name: input,
        source,
        required: true,
        origin: "upstream",
        takes: "",
      })),
      ...(PARAMETERS[name] ?? []),
    ],
    settings: SETTINGS[name] ?? [],
    ...PLAIN,
    outputs: outputs.split(" ").filter(Boolean),
    options: options ?? {},
    cell: `cell-${index}`,
    index: index + 3,
  };
}

export function pairs(text: string): Array<readonly [string, string]> {
  return text
    .split(" ")
    .filter(Boolean)
    .map((one) => one.split("=") as [string, string]);
}

const PROBLEMS: readonly ProblemView[] = [
  {
    severity: "error",
    message: "input 'rows' is bound to nothing: no output, node or parameter has that name",
    node: "clean",
    cell: "cell-3",
    line: 1,
    hint: "did you mean 'raws'?",
  },
  {
    severity: "warning",
    message: "captures the global 'frame' (41 MB), which travels to every process",
    node: "chart",
    cell: "cell-11",
    line: 3,
    hint: "make it an input",
  },
];

/** The flow with its nodes where the kernel would put them. */
export function placed(flow: FlowView): FlowView {
  const places = layout(
    flow.nodes.map((node) => node.name),
    flow.edges.map((edge) => [edge.source, edge.target]),
  );
  return { ...flow, nodes: flow.nodes.map((node) => ({ ...node, ...places.get(node.name) })) };
}

export function flow(problems: readonly ProblemView[] = []): FlowView {
  return placed({
    flow: "weather",
    nodes: ROWS.map(node),
    edges: ROWS.flatMap(([target, , inputs]) =>
      pairs(inputs).map(([input, from]) => {
        const [source = "", output = ""] = from.split(".");
        return { source, output, target, input };
      }),
    ),
    params: [
      {
        name: "city",
        required: false,
        default: "Seattle",
        annotation: "str",
        help: "Seattle or New York",
      },
      { name: "hot_above", required: false, default: 25.0, annotation: "float", help: null },
      { name: "wet_above", required: false, default: 10, annotation: "int", help: null },
    ],
    problems,
    stale: [],
    reasons: {},
    locked: "",
    undo: null,
    redo: null,
  });
}

const MAPPED: readonly Row[] = [
  ["stations", "sql", "", "stations"],
  ["each_station", "map", "items=stations.stations", "each_station", { max_concurrent: "10" }],
  ["daily", "http", "", "daily", { in: "each_station", retries: "2" }],
  ["clean", "python", "daily=daily.daily", "clean", { in: "each_station" }],
  ["guard", "try", "values=each_station.each_station", "guard"],
  ["publish", "http", "", "publish", { in: "guard" }],
  ["fallback", "python", "", "fallback", { in: "guard.catch" }],
  ["report", "python", "values=each_station.each_station guard=guard.guard", "report"],
];

/** A flow of `rows`, without parameters. */
export function flowOf(name: string, rows: readonly Row[]): FlowView {
  return placed({
    ...flow(),
    flow: name,
    params: [],
    nodes: rows.map(node),
    edges: rows.flatMap(([target, , inputs]) =>
      pairs(inputs).map(([input, from]) => {
        const [source = "", output = ""] = from.split(".");
        return { source, output, target, input };
      }),
    ),
  });
}

/** A map over many items, and a try. */
export const mapped = (): FlowView => flowOf("stations", MAPPED);

/** n layers of m nodes, for the far view and the frame rate. */
export function large(layers: number, wide: number): FlowView {
  const names = Array.from({ length: layers * wide }, (_, i) => `n${i}`);
  return placed({
    ...flow(),
    flow: `large ${names.length}`,
    params: [],
    nodes: names.map((name, i) => ({
      ...node([name, "python", "", "out"], i),
      inputs: i < wide ? [] : [{ name: "a", source: "", required: true, origin: "", takes: "" }],
    })),
    edges: names.slice(wide).map((target, i) => ({
      source: names[i] ?? "",
      output: "out",
      target,
      input: "a",
    })),
  });
}

let seq = 0;
export const stamp = (at: number) => ({ run: RUN, seq: seq++, at: T0 + at });

export function table(rows: number): ValueRef {
  return { hash: "ab", format: "parquet", type: "pandas.DataFrame", size: 9000, rows };
}
export const plain: ValueRef = { hash: "", format: "json", type: "dict", size: 12 };

export function done(
  name: string,
  start: number,
  ms: number,
  outputs: Record<string, ValueRef>,
  attempt = 1,
): Event[] {
  return [
    { kind: "NODE_SCHEDULED", ...stamp(start), node: name },
    { kind: "NODE_STARTED", ...stamp(start), node: name, attempt, on: "thread" },
    { kind: "NODE_COMPLETED", ...stamp(start + ms / 1000), node: name, attempt, ms, outputs },
  ];
}

export function began(name: string, start: number, attempt = 1): Event[] {
  return [
    { kind: "NODE_SCHEDULED", ...stamp(start), node: name },
    { kind: "NODE_STARTED", ...stamp(start), node: name, attempt, on: "thread" },
  ];
}

const NAMES = ROWS.map(([name]) => name);

function opening(): Event[] {
  return [
    {
      kind: "RUN_CREATED",
      ...stamp(0),
      flow: "weather",
      version: "v",
      trigger: "canvas",
      nodes: NAMES,
      params: { city: "Seattle" },
    },
    ...done("server", 0.01, 12, { url: plain }),
    ...done("daily", 0.03, 612, { daily: table(2922) }),
    { kind: "NODE_SCHEDULED", ...stamp(0.03), node: "station" },
    { kind: "NODE_STARTED", ...stamp(0.03), node: "station", attempt: 1 },
    {
      kind: "NODE_RETRY_SCHEDULED",
      ...stamp(0.4),
      node: "station",
      attempt: 1,
      ms: 401,
      delay: 0.2,
      error: { type: "HTTPStatusError", message: "503 Service Unavailable", hint: null },
    },
    { kind: "NODE_STARTED", ...stamp(0.6), node: "station", attempt: 2 },
    {
      kind: "NODE_COMPLETED",
      ...stamp(1.2),
      node: "station",
      attempt: 2,
      ms: 588,
      outputs: { station: plain },
    },
  ];
}

function middle(): Event[] {
  return [
    ...opening(),
    ...done("clean", 1.2, 48, { days: table(1461) }),
    ...done("monthly", 1.3, 21, { monthly: table(48) }),
    ...done("climate", 1.3, 3, { climate: plain }),
    ...done("season", 1.32, 0.4, { hot: plain, wet: plain }),
    {
      kind: "NODE_SKIPPED",
      ...stamp(1.33),
      node: "dry_days",
      reason: "branch_not_taken",
      cause: "season",
    },
  ];
}

export const running = (): Event[] => [
  ...middle(),
  ...began("hot_days", 1.35),
  ...began("wet_days", 1.35),
  ...began("chart", 1.4),
];

export const succeeded = (): Event[] => [
  ...middle(),
  ...done("hot_days", 1.35, 402, { hot_days: table(89) }),
  ...done("wet_days", 1.35, 455, { wet_days: table(132) }),
  ...done("chart", 1.4, 1240, { chart: { ...plain, type: "Figure" } }),
  ...done("highlights", 1.9, 1, { highlights: plain }),
  ...done("report", 1.9, 18, { report: table(12) }),
  { kind: "RUN_COMPLETED", ...stamp(2.7), status: "succeeded", ms: 2710 },
];

export const failed = (): Event[] => [
  ...opening(),
  { kind: "NODE_SCHEDULED", ...stamp(1.2), node: "clean" },
  { kind: "NODE_STARTED", ...stamp(1.2), node: "clean", attempt: 1 },
  {
    kind: "NODE_FAILED",
    ...stamp(1.3),
    node: "clean",
    attempt: 1,
    ms: 37,
    error: {
      type: "KeyError",
      message: "'precipitation'",
      traceback:
        'Traceback (most recent call last):\n  File "Cell In[5]", line 4, in clean\n    rain = daily["precipitation"]\n           ~~~~~^^^^^^^^^^^^^^^^^\nKeyError: \'precipitation\'',
      cell: "cell-3",
      line: 4,
      hint: "columns there are: date, rain, temp_max, temp_min, wind",
      inputs: {
        daily: "{'DataFrame 2,922 × 5': {'date': '2012-01-01', 'rain': 0, 'temp_max': 12.8}}",
        station: "{'name': 'Seattle-Tacoma', 'latitude': 47.45, 'api_key': [redacted]}",
      },
    },
  },
  ...NAMES.slice(4).map(
    (name): Event => ({
      kind: "NODE_SKIPPED",
      ...stamp(1.3),
      node: name,
      reason: "upstream_failed",
      cause: "clean",
    }),
  ),
  { kind: "RUN_COMPLETED", ...stamp(1.4), status: "failed", ms: 1402, node: "clean" },
];

const STATIONS = 100;
const BROKEN: ReadonlySet<number> = new Set([7, 19, 31]);

function item(index: number, stop: "daily" | "clean" | null): Event[] {
  const inside = { scope: `each_station[${index}]` };
  const at = 0.2 + index * 0.05;
  const of = { node: "each_station", index };
  const first: Event[] = [
    { kind: "SCOPE_OPENED", ...stamp(at), ...of },
    ...began("daily", at).map((event) => ({ ...event, ...inside })),
  ];
  if (stop === "daily") return first;
  if (BROKEN.has(index)) {
    const error = { type: "HTTPStatusError", message: "404 Not Found", hint: null };
    const failed = { ...stamp(at), ...inside, node: "daily", attempt: 1, ms: 88, error };
    const skipped = { ...stamp(at), ...inside, node: "clean", reason: "upstream_failed" as const };
    return [
      ...first,
      { kind: "NODE_FAILED", ...failed },
      { kind: "NODE_SKIPPED", ...skipped, cause: "daily" },
      { kind: "SCOPE_CLOSED", ...stamp(at), ...of, status: "failed", ms: 90 },
    ];
  }
  const given: Event = {
    ...{ kind: "NODE_COMPLETED", ...stamp(at + 0.1), ...inside, node: "daily", attempt: 1 },
    ...{ ms: 96, outputs: { daily: table(365) } },
  };
  const second = began("clean", at + 0.1).map((event) => ({ ...event, ...inside }));
  if (stop === "clean") return [...first, given, ...second];
  const cleaned: Event = {
    ...{ kind: "NODE_COMPLETED", ...stamp(at + 0.2), ...inside, node: "clean", attempt: 1 },
    ...{ ms: 12, outputs: { clean: table(365) } },
  };
  const closed = { ...stamp(at + 0.2), ...of, status: "succeeded" as const, ms: 120 };
  return [...first, given, ...second, cleaned, { kind: "SCOPE_CLOSED", ...closed }];
}

/** `until` items done, a few under way. */
export function mapping(until = 45): Event[] {
  const indices = Array.from({ length: Math.min(STATIONS, until + 4) }, (_, i) => i);
  return [
    {
      kind: "RUN_CREATED",
      ...stamp(0),
      flow: "stations",
      version: "v",
      trigger: "canvas",
      nodes: ["stations", "each_station", "guard", "report"],
      blocks: {
        each_station: { "": ["daily", "clean"] },
        guard: { "": ["publish"], catch: ["fallback"] },
      },
      params: {},
    },
    ...done("stations", 0.01, 12, { stations: table(STATIONS) }),
    ...began("each_station", 0.1),
    { kind: "NODE_UNFOLDED", ...stamp(0.11), node: "each_station", attempt: 1, total: STATIONS },
    ...indices.flatMap((i) => item(i, i < until ? null : i % 2 === 0 ? "daily" : "clean")),
  ];
}

/** The whole run: three items failed, and what comes after was caught. */
export function mappedOver(): Event[] {
  const inside = (scope: string, events: Event[]): Event[] =>
    events.map((event) => ({ ...event, scope }) as Event);
  const error = { type: "ConnectError", message: "no route to host", hint: null };
  return [
    ...mapping(STATIONS),
    {
      ...{ kind: "NODE_COMPLETED", ...stamp(5.5), node: "each_station", attempt: 1, ms: 5400 },
      outputs: { each_station: { ...plain, type: "list" } },
    },
    ...began("guard", 5.6),
    { kind: "NODE_UNFOLDED", ...stamp(5.6), node: "guard", attempt: 1, total: null },
    { kind: "SCOPE_OPENED", ...stamp(5.6), node: "guard" },
    ...inside("guard", began("publish", 5.6)),
    {
      ...{ kind: "NODE_FAILED", ...stamp(5.7), node: "publish", scope: "guard", attempt: 1 },
      ...{ ms: 100, error },
    },
    { kind: "SCOPE_CLOSED", ...stamp(5.7), node: "guard", status: "failed", ms: 100 },
    { kind: "SCOPE_OPENED", ...stamp(5.7), node: "guard", block: "catch" },
    ...inside("guard.catch", done("fallback", 5.7, 8, { fallback: plain })),
    {
      ...{ kind: "SCOPE_CLOSED", ...stamp(5.8), node: "guard", block: "catch" },
      ...{ status: "succeeded", ms: 9 },
    },
    {
      ...{ kind: "NODE_COMPLETED", ...stamp(5.8), node: "guard", attempt: 1, ms: 200 },
      outputs: { guard: plain },
    },
    ...done("report", 5.9, 18, { report: table(12) }),
    { kind: "RUN_COMPLETED", ...stamp(6), status: "succeeded", ms: 6000 },
  ];
}

export function snapshot(
  view: FlowView,
  events: Event[] | null,
  number = 1,
  waits_for = "",
): Snapshot {
  return {
    type: "SNAPSHOT",
    seq: number,
    flow: view,
    run:
      events === null
        ? null
        : {
            run: RUN,
            events,
            progress: [{ node: "hot_days", done: 60, total: 100, text: "60 of 100 days" }],
            waits_for,
          },
  };
}

export const problems = PROBLEMS;

const TABLE: Preview = {
  show: "table",
  total: 48,
  width: 6,
  series: null,
  columns: [
    { name: "month", dtype: "datetime64[ns]" },
    { name: "city", dtype: "object" },
    { name: "temp_max", dtype: "float64" },
    { name: "temp_min", dtype: "float64" },
    { name: "rain_mm", dtype: "float64" },
    { name: "wet_days", dtype: "int64" },
  ],
  rows: Array.from({ length: 48 }, (_, i) => [
    `20${12 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}-01`,
    "Seattle",
    7.1 + 17 * Math.sin((i % 12) / 3.8),
    1.5 + 11 * Math.sin((i % 12) / 3.8),
    173.3 * Math.abs(Math.cos((i % 12) / 3.8)),
    i === 3 ? null : (i * 7) % 26,
  ]),
};

const NO_SIZE = { width: null, height: null } as const;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360" viewBox="0 0 640 360"><rect width="640" height="360" fill="#fff"/>${Array.from({ length: 12 }, (_, i) => `<rect x="${50 + i * 46}" y="${300 - 90 * (1 + Math.sin(i / 1.9))}" width="30" height="${90 * (1 + Math.sin(i / 1.9))}" fill="#4c78a8"/>`).join("")}<path d="M40 300H610" stroke="#333"/><text x="320" y="30" text-anchor="middle" font-family="sans-serif" font-size="18">Rain by month, Seattle</text></svg>`;

const TYPES: Record<string, string> = {
  chart: "Figure",
  climate: "dict of 6",
  hot_days: "ndarray",
  server: "str",
};

export function details(view: string, name: string): Details {
  const outputs: Record<string, Preview> = {
    chart: {
      show: "image",
      mime: "image/svg+xml",
      content: btoa(SVG),
      alt: "Rain by month",
      ...NO_SIZE,
    },
    climate: {
      show: "tree",
      value: {
        city: "Seattle",
        days: 1461,
        hottest: { date: "2015-07-19", temp_max: 35.0 },
        tags: ["wet", "mild"],
        partial: false,
        note: null,
      },
      cut: false,
    },
    hot_days: {
      show: "array",
      dtype: "float32",
      shape: [512, 64],
      values: Array.from({ length: 20 }, (_, i) => (i === 4 ? null : Math.sin(i * 1.7) / 2)),
      nulls: 12,
      min: -0.5,
      max: 0.5,
      mean: 0.004,
      summarized: null,
      median: 0.01,
      bars: [2, 5, 9, 30, 71, 160, 290, 480, 700, 910, 1004, 930, 720, 500, 300, 170, 80, 33, 9, 3],
      sampled: null,
    },
    server: { show: "text", text: "http://127.0.0.1:40213", cut: false, total: null },
  };
  return {
    type: "DETAILS",
    view,
    node: name,
    run: RUN,
    scope: "",
    inputs: [{ port: "days ← clean.days", type: "DataFrame", preview: TABLE, note: "" }],
    outputs: [
      {
        port: name,
        type: TYPES[name] ?? "DataFrame",
        preview: outputs[name] ?? TABLE,
        note: "",
      },
    ],
    source:
      "select date_trunc('month', date) as month,\n       city,\n       avg(temp_max) as temp_max,\n       sum(rain) as rain_mm\nfrom days\ngroup by all\norder by month",
    language: "sql",
    logs: [
      { stream: "stdout", text: "read 1461 rows\n", at: T0, seq: 3, level: "info" },
      {
        stream: "stderr",
        text: "FutureWarning: resample('M') is deprecated",
        ...{ at: T0 + 0.2, seq: 4, level: "warning" },
      },
    ],
    logs_cut: false,
    lines: 2,
    error: null,
    stream: name === "wet_days" ? STREAMED : null,
    measured:
      name === "monthly"
        ? { attempt: 1, cpu_ms: 812, memory: 121_400_000, is_estimate: true }
        : null,
  };
}

const WORDS =
  "It rained on 132 of 365 days in Seattle. November was the wettest month, with 21 days of rain " +
  "and 188 mm in all; July was the driest.\n\nOver four years the number of wet days fell from 139 " +
  "to 126, though each of them brought more rain: 7.1 mm on average, against 6.4 mm before.";

const DRAWING =
  '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="90" viewBox="0 0 320 90">' +
  Array.from({ length: 12 }, (_, i) => {
    const height = 20 + 55 * Math.abs(Math.cos((i / 12) * Math.PI));
    return `<rect x="${6 + i * 26}" y="${86 - height}" width="18" height="${height}" fill="#4c8bd6"/>`;
  }).join("") +
  "</svg>";

const STREAMED: StreamedView = {
  attempt: 1,
  text: WORDS.slice(0, 60),
  cut: false,
  tokens: 12,
  data: [
    {
      port: "chunk 1",
      type: "dict",
      preview: { show: "tree", value: { year: 2012, wet: 139 }, cut: false },
      note: "",
    },
    {
      port: "chunk 2",
      type: "dict",
      preview: { show: "tree", value: { year: 2013, wet: 128 }, cut: false },
      note: "",
    },
  ],
  more_data: 0,
  artefacts: [
    {
      name: "wet_days.svg",
      media_type: "image/svg+xml",
      size: 2140,
      preview: {
        show: "image",
        mime: "image/svg+xml",
        content: btoa(DRAWING),
        alt: "wet_days.svg",
        ...NO_SIZE,
      },
      note: "",
    },
    {
      name: "model.bin",
      media_type: "application/octet-stream",
      size: 48_200_000,
      preview: null,
      note: "",
    },
  ],
  more_artefacts: 0,
};

/** What `wet_days` says next, a few words at a time. */
export function said(from: number): StreamView[] {
  const words = WORDS.slice(60).match(/\S+\s*/g) ?? [];
  const some = words.slice(from, from + 3);
  if (some.length === 0) return [];
  const of = { node: "wet_days", scope: "", attempt: 1 };
  return [
    { ...of, channel: "token", text: some.join(""), chunk_index: 12 + from, chunks: some.length },
    {
      ...of,
      channel: "data",
      text: `{'year': ${2014 + from}, 'wet': 131}`,
      chunk_index: 2,
      chunks: 1,
    },
  ];
}
