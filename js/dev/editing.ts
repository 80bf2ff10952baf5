/** Flows to try gestures on: ports of all sorts, containers in containers, notes. */
import { nested } from "../src/model/nesting";
import type { FlowView, NodeView } from "../src/protocol/generated";
import { flow, node, pairs, type Row } from "./scenes";

const ROWS: readonly Row[] = [
  ["fetch", "http", "", "rows status"],
  ["clean", "python", "rows=fetch.rows", "clean"],
  ["season", "router", "clean=clean.clean", "hot wet dry"],
  ["report", "python", "hot=season.hot clean=clean.clean", "report"],
  ["chart", "python", "", "chart"],
  ["archive", "http", "report=report.report", "archive"],
];

const MORE: Readonly<Record<string, NodeView["inputs"]>> = {
  fetch: [
    { name: "city", source: "parameter city", required: true, origin: "parameter", takes: "str" },
  ],
  clean: [{ name: "limit", source: "nothing", required: false, origin: "nothing", takes: "int" }],
  chart: [
    { name: "table", source: "nothing", required: true, origin: "nothing", takes: "DataFrame" },
  ],
};

function built(name: string, rows: readonly Row[], change: (one: NodeView) => NodeView): FlowView {
  const nodes = rows.map(node).map(change);
  const edges = rows.flatMap(([target, , inputs]) =>
    pairs(inputs).map(([input, from]) => {
      const [source = "", output = ""] = from.split(".");
      return { source, output, target, input };
    }),
  );
  const places = nested(
    nodes,
    edges.map((edge) => [edge.source, edge.target] as const),
  );
  const placed = nodes.map((one) => ({ ...one, ...places.get(one.name) }));
  return { ...flow(), flow: name, params: [], nodes: placed, edges };
}

/** Inputs that are fed, given, open and missing; outputs with colours and labels. */
export const editing = (): FlowView =>
  built("editing", ROWS, (one) => ({
    ...one,
    inputs: [...one.inputs, ...(MORE[one.name] ?? [])],
    ports:
      one.name === "season"
        ? {
            hot: { label: "over 25°", color: "red", gives: "DataFrame" },
            wet: { label: "rain", color: "blue", gives: "" },
            dry: { label: "the rest", color: "", gives: "" },
          }
        : {},
  }));

const NESTED: readonly Row[] = [
  ["stations", "sql", "", "stations"],
  ["each_station", "map", "items=stations.stations", "each_station"],
  ["daily", "http", "", "daily", { in: "each_station" }],
  ["guard", "try", "rows=daily.daily", "guard", { in: "each_station" }],
  ["parse", "python", "", "parse", { in: "guard" }],
  ["check", "test", "parse=parse.parse", "check", { in: "guard" }],
  ["fallback", "python", "", "fallback", { in: "guard.catch" }],
  ["clean", "python", "guard=guard.guard", "clean", { in: "each_station" }],
  ["empty", "group", "", "empty"],
  ["report", "python", "values=each_station.each_station", "report"],
];

export const containers = (): FlowView =>
  built("containers", NESTED, (one) => ({
    ...one,
    inside: one.options.in?.split(".")[0] ?? null,
    contains: ["map", "try", "group"].includes(one.kind),
  }));

const TEXT = `# Weather
Rows come from **three stations**, *hourly*.

- read with \`fetch\`
- see [the source](https://example.org)`;

export const notes = (): FlowView =>
  built(
    "notes",
    [...ROWS.slice(0, 3), ["why", "note", "", ""], ["empty_note", "note", "", ""]],
    (one) => ({
      ...one,
      settings:
        one.kind === "note"
          ? [{ name: "text", origin: "literal", text: one.name === "why" ? TEXT : "" }]
          : one.settings,
    }),
  );
