/** How two runs of the weather differ, for the page that shows it. */
import type { Diff, NodeDiff } from "../src/past/model/diff";

const ended = (status: string, ms: number) => ({
  ...{ status, attempts: 1, duration_ms: ms, error: null, reason: null },
});

function node(name: string, more: Partial<NodeDiff> = {}): NodeDiff {
  return {
    ...{ node: name, was: null, definition: { mark: "same", parts: [], lines: [] } },
    ...{ a: ended("succeeded", 20), b: ended("succeeded", 22), diverges: false, causes: [] },
    ...{ outputs: [], turns: null },
    ...more,
  };
}

const table = (rows: number) => ({ type: "DataFrame", rows });

export const DIFF: Diff = {
  definition: { known: true, same: false, summary: "1 node changed", about: [] },
  params: [{ name: "hot_above", a: 30, b: 28 }],
  environment: [{ name: "pandas", a: "3.0.1", b: "3.0.2" }],
  nodes: [
    node("server"),
    node("daily"),
    node("station"),
    node("clean", {
      diverges: true,
      causes: ["code changed"],
      definition: {
        mark: "changed",
        parts: ["code"],
        lines: [
          [" ", "days = daily.merge(station)"],
          ["-", "days = days[days.rain > 0]"],
          ["+", "days = days[days.rain >= 0.2]"],
          [" ", "days"],
        ],
      },
      outputs: [
        {
          ...{ port: "days", difference: "changed", why: "", a: table(1461), b: table(1398) },
          kind: "table",
          change: {
            ...{ rows: [1461, 1398], added: 2, removed: 65, changed: 14, key: ["day"] },
            ...{ guessed: true, moved: false, columns: [], by_column: { rain: 14 } },
            samples: {
              columns: ["day", "rain", "warmest"],
              added: [["2015-12-31", 0.4, 6.1]],
              removed: [
                ["2012-01-02", 0.1, 10.6],
                ["2012-01-09", 0.1, 12.8],
              ],
              changed: [
                { before: ["2012-01-03", 0.8, 11.7], after: ["2012-01-03", 1.2, 11.7] },
                { before: ["2012-01-04", 20.3, 12.2], after: ["2012-01-04", 21.3, 12.2] },
              ],
            },
          },
        },
      ],
    }),
    node("climate", {
      diverges: true,
      outputs: [
        {
          ...{ port: "climate", difference: "changed", why: "", kind: "plain" },
          ...{ a: { type: "dict", rows: null }, b: { type: "dict", rows: null } },
          change: {
            count: 2,
            places: [
              { path: ".mean", before: 11.4, after: 11.9 },
              { path: ".days", before: 1461, after: 1398 },
            ],
          },
        },
      ],
    }),
    node("season"),
    node("hot_days", { diverges: true, b: ended("skipped", 0) }),
    node("report", { diverges: true, causes: ["parameter hot_above"] }),
  ],
  edges: [
    {
      ...{ source: "clean", output: "days", target: "climate", input: "days" },
      ...{ definition: "same", taken: { a: true, b: true }, difference: "changed" },
    },
  ],
  first: ["clean"],
  path: { only_a: ["hot_days"], only_b: [] },
};
