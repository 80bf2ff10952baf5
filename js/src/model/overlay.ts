/** What an overlay says of each node and edge, in words, signs and shares. Pure. */
import type { EdgeView, FlowView } from "../protocol/generated";
import type { Heat, Mark, Overlay, RowChanges } from "../protocol/overlay";
import { MARK_SIGNS, MARK_WORDS } from "./divergence";
import { edgeKey } from "./state";

export type Tone = Mark | "heat" | "never" | "taken";

/** What an overlay says of a node or an edge. */
export interface Aside {
  readonly tone: Tone;
  /** In a badge; '' for none. */
  readonly text: string;
  /** The same in words, for who listens; '' for nothing. */
  readonly spoken: string;
  /** From 0 to 1: how wide a wire is, how warm a node. */
  readonly share: number;
}

export interface Asides {
  readonly nodes: ReadonlyMap<string, Aside>;
  readonly edges: ReadonlyMap<string, Aside>;
}

const NOTHING: Asides = { nodes: new Map(), edges: new Map() };

/** What there is to draw; the way taken is drawn from the run itself. */
export function asidesOf(overlay: Overlay | null, flow: FlowView): Asides {
  switch (overlay?.kind) {
    case "frequency":
      return frequency(overlay.edges, overlay.runs, flow);
    case "divergence":
      return {
        nodes: new Map(Object.entries(overlay.nodes).map(([name, mark]) => [name, marked(mark)])),
        edges: new Map(
          Object.entries(overlay.edges).map(([name, rows]) => [name, differing(rows)]),
        ),
      };
    case "heat":
      return {
        nodes: new Map(Object.entries(overlay.nodes).map(([name, one]) => [name, warm(one)])),
        edges: new Map(),
      };
    default:
      return NOTHING;
  }
}

/** What it is that lies over the flow, in a line. */
export function overlaySays(overlay: Overlay): string {
  switch (overlay.kind) {
    case "path":
      return "The way this run took";
    case "frequency":
      return `How often each way was taken in ${counted(overlay.runs, "run")}`;
    case "divergence":
      return divergenceSays(Object.values(overlay.nodes));
    case "heat":
      return overlay.what;
  }
}

function divergenceSays(marks: readonly Mark[]): string {
  const found = (["diverged", "changed", "added", "removed"] as const)
    .map((mark) => [mark, marks.filter((one) => one === mark).length] as const)
    .filter(([, count]) => count > 0)
    .map(([mark, count]) => `${MARK_SIGNS[mark]} ${count} ${MARK_WORDS[mark]}`);
  return found.length === 0 ? "No difference" : `Differences: ${found.join(", ")}`;
}

function frequency(counts: Readonly<Record<string, number>>, runs: number, flow: FlowView): Asides {
  const most = Math.max(1, runs, ...Object.values(counts));
  const edges = new Map<string, Aside>();
  const into = new Map<string, number>();
  for (const edge of flow.edges) {
    const count = counts[edgeKey(edge)] ?? 0;
    edges.set(edgeKey(edge), often(count, most, runs));
    into.set(edge.target, Math.max(into.get(edge.target) ?? 0, count));
  }
  const never = [...into].filter(([, count]) => count === 0);
  const unused: Aside = { tone: "never", text: "never", spoken: "never reached", share: 0 };
  return { nodes: new Map(never.map(([name]) => [name, unused])), edges };
}

function often(count: number, most: number, runs: number): Aside {
  if (count === 0) return { tone: "never", text: "never", spoken: "never taken", share: 0 };
  const of = grouped(Math.max(runs, count));
  return {
    tone: "taken",
    text: grouped(count),
    spoken: `taken ${grouped(count)} of ${of} times`,
    share: count / most,
  };
}

function marked(mark: Mark): Aside {
  const sign = MARK_SIGNS[mark];
  const words = MARK_WORDS[mark] ?? mark;
  return {
    tone: mark,
    text: sign === undefined ? "" : `${sign} ${words}`,
    spoken: words,
    share: mark === "same" ? 0 : 1,
  };
}

/** `+12 −3 Δ4`, with the largest of them as its tone. */
function differing({ added, removed, changed }: RowChanges): Aside {
  const parts = [
    ["added", added, "added"],
    ["removed", removed, "removed"],
    ["changed", changed, "changed"],
  ] as const;
  const some = parts.filter(([, count]) => count > 0);
  const [tone] = [...some].sort((a, b) => b[1] - a[1])[0] ?? ["same" as const];
  return {
    tone,
    text: some.map(([mark, count]) => `${MARK_SIGNS[mark]}${grouped(count)}`).join(" "),
    spoken:
      some.length === 0
        ? "the same rows"
        : `rows: ${some.map(([, count, word]) => `${grouped(count)} ${word}`).join(", ")}`,
    share: some.length === 0 ? 0 : 0.3,
  };
}

function warm({ share, text }: Heat): Aside {
  return { tone: "heat", text, spoken: text, share: Math.min(1, Math.max(0, share)) };
}

/** What is said of an edge somebody points at, or of one of those that end in a closed container. */
export function asideOfEdge(asides: Asides, edge: EdgeView): Aside | undefined {
  return asides.edges.get(edgeKey(edge));
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

function counted(count: number, one: string): string {
  return `${grouped(count)} ${one}${count === 1 ? "" : "s"}`;
}
