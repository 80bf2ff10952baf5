/** What nodes gave, of every kind that there is something to see of. */
import type { Details, ImagePreview, LogLine, Preview } from "../src/protocol/generated";
import type { MimeRegistry } from "../src/protocol/rendermime";
import { LONG } from "./running";

const CITIES = ["Seattle", "Oslo", "Lisbon", "Lima"];
const SVG = (width: number, height: number, title: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 640 360"><rect width="640" height="360" fill="#fff"/>${Array.from({ length: 24 }, (_, i) => `<rect x="${40 + i * 24}" y="${300 - 110 * (1 + Math.sin(i / 2.9))}" width="17" height="${110 * (1 + Math.sin(i / 2.9))}" fill="hsl(${200 + i * 4} 55% 50%)"/>`).join("")}<path d="M30 300H620" stroke="#333"/><text x="320" y="34" text-anchor="middle" font-family="sans-serif" font-size="20">${title}</text></svg>`;
const PICTURE: ImagePreview & { readonly show: "image" } = {
  show: "image",
  mime: "image/svg+xml",
  content: btoa(SVG(1600, 900, "Rain by month")),
  alt: "Rain by month",
  width: null,
  height: null,
};
const VEGA = "application/vnd.vegalite.v6+json";
const SPEC = {
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  mark: "bar",
  data: { values: CITIES.map((city, i) => ({ city, rain: 20 + ((i * 37) % 60) })) },
  encoding: { x: { field: "city", type: "nominal" }, y: { field: "rain", type: "quantitative" } },
};
const BARS = [1, 3, 8, 20, 41, 80, 130, 170, 190, 180, 150, 110, 70, 41, 22, 12, 6, 3, 1, 1];
const ROWS = Array.from({ length: 20 }, (_, i) => [Math.round(100 * Math.sin(i / 2.2)) / 10]);
const STARTED = Date.UTC(2026, 4, 4, 10, 4, 31, 250) / 1000;

const GIVEN: Readonly<Record<string, Preview>> = {
  chart: PICTURE,
  server: {
    show: "text",
    text: LONG.slice(0, 20_000),
    cut: true,
    total: LONG.length,
  },
  climate: {
    show: "tree",
    value: {
      city: "Seattle",
      days: 1461,
      hottest: { date: "2015-07-19", temp_max: 35.0 },
      "unit price": 2.5,
      items: CITIES.map((name, i) => ({ name, price: 10 + i, tags: ["wet", "mild"] })),
      partial: false,
      note: null,
    },
    cut: false,
  },
  hot_days: {
    show: "array",
    dtype: "float64",
    shape: [2_000_000],
    values: ROWS.map(([one]) => one ?? null),
    nulls: 12,
    min: -24.2,
    max: 31.4,
    mean: 0.31,
    median: 0.27,
    bars: BARS,
    sampled: 100_000,
    summarized: null,
  },
  report: {
    show: "table",
    columns: [{ name: "rain", dtype: "float64" }],
    rows: ROWS,
    total: 1461,
    width: 1,
    series: {
      ...{
        show: "array",
        dtype: "float64",
        shape: [1461],
        values: [],
        nulls: 3,
        min: 0,
        max: 55.9,
      },
      ...{ mean: 3.03, median: 0.2, bars: BARS, sampled: null, summarized: null },
    },
  },
  monthly: { show: "rich", mime: VEGA, data: SPEC, image: PICTURE },
  wet_days: {
    show: "rich",
    mime: "application/vnd.plotly.v1+json",
    data: { data: [{ type: "bar", x: CITIES, y: [20, 57, 34, 11] }], layout: { title: "Rain" } },
    image: null,
  },
  highlights: {
    show: "rich",
    mime: "text/html",
    data: `<h3>Highlights</h3><table><tr><th>city</th><th>rain</th></tr>${CITIES.map((city, i) => `<tr><td>${city}</td><td>${i * 12}</td></tr>`).join("")}</table><script>document.body.textContent = "a script ran"</script>`,
    image: null,
  },
  station: {
    show: "rich",
    mime: "text/markdown",
    data: "## Station\n\nIt stands at *47.45 N* and has **two** gauges:\n\n- one for rain\n- one for wind",
    image: null,
  },
  daily: { show: "rich", mime: "text/latex", data: "$\\frac{x^2}{3}$", image: null },
};

const LOGS: readonly LogLine[] = [
  "read 1461 rows",
  "debug: asked the station twice",
  "warning: 3 rows without a date were left out",
  "error: no answer from gauge 2",
  ...Array.from({ length: 60 }, (_, i) => `checked day ${i} of 60`),
].map((text, i) => ({
  stream: i === 2 || i === 3 ? "log" : "stdout",
  text: `${text}\n`,
  at: STARTED + i * 0.33,
  seq: i,
  level: (["info", "debug", "warning", "error"] as const)[i] ?? "info",
}));

/** What a node gave in this scene; of others as it is. */
export function given(details: Details): Details {
  const preview = GIVEN[details.node];
  const logs = details.node === "season" ? [...LOGS] : details.logs;
  if (preview === undefined) return { ...details, logs, lines: logs.length };
  const outputs = [{ port: details.node, type: preview.show, preview, note: "" }];
  return { ...details, outputs, logs, lines: logs.length };
}

/** A host that has renderers: of Vega-Lite an older one than asked for, and one that fails. */
export const registry: MimeRegistry = {
  mimeTypes: ["application/vnd.vegalite.v5+json", "application/vnd.plotly.v1+json", "text/latex"],
  createModel: (options) => options,
  createRenderer(mime) {
    const node = document.createElement("div");
    node.className = "hosted";
    return {
      node,
      async renderModel(model) {
        if (mime.includes("plotly")) throw new Error("its renderer is broken");
        const { data } = model as { data: Record<string, unknown> };
        node.textContent = `drawn by the host: ${JSON.stringify(data[mime]).slice(0, 60)}`;
      },
      dispose: () => node.remove(),
    };
  },
};
