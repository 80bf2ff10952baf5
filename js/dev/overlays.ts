/** What a history may lay over the flow of the tour. */

import type { FlowView } from "../src/protocol/generated";
import type { Overlay } from "../src/protocol/overlay";

const RUNS = 120;
/** How often each branch was taken; all else is reached by every run. */
const TAKEN: Readonly<Record<string, number>> = {
  "season.hot>hot_days.hot": 87,
  "season.wet>wet_days.wet": 31,
  "season.dry>dry_days.dry": 0,
  "hot_days.hot_days>highlights.hot_days": 87,
  "wet_days.wet_days>highlights.wet_days": 31,
};

export function overlay(scene: string, flow: FlowView): Overlay | null {
  switch (scene) {
    case "path":
      return { kind: "path" };
    case "frequency": {
      const names = flow.edges.map(
        (one) => `${one.source}.${one.output}>${one.target}.${one.input}`,
      );
      const edges = Object.fromEntries(names.map((name) => [name, TAKEN[name] ?? RUNS]));
      return { kind: "frequency", runs: RUNS, edges };
    }
    case "divergence":
      return {
        kind: "divergence",
        nodes: {
          ...Object.fromEntries(flow.nodes.map((one) => [one.name, "same" as const])),
          clean: "diverged",
          monthly: "changed",
          climate: "changed",
          chart: "added",
          dry_days: "removed",
        },
        edges: {
          "clean.days>monthly.days": { added: 12, removed: 3, changed: 48 },
          "monthly.monthly>chart.monthly": { added: 0, removed: 0, changed: 4 },
          "daily.daily>clean.daily": { added: 0, removed: 0, changed: 0 },
          "climate.climate>season.climate": { added: 0, removed: 1, changed: 0 },
        },
      };
    case "heat":
      return {
        kind: "heat",
        what: `Duration (p95) in ${RUNS} runs`,
        nodes: {
          daily: { share: 0.5, text: "p95 610 ms" },
          station: { share: 0.8, text: "p95 980 ms" },
          clean: { share: 0.04, text: "p95 48 ms" },
          chart: { share: 1, text: "p95 1.2 s" },
          report: { share: 0.02, text: "p95 18 ms" },
          hot_days: { share: 0.33, text: "p95 402 ms" },
        },
      };
    default:
      return null;
  }
}
