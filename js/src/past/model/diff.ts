/** How one run is to another, as the server tells it; see the guide on the history. */
import type { Mark, Overlay, RowChanges } from "../../protocol/overlay";

export type Difference = "same" | "moved" | "changed" | "added" | "removed" | "unknown";

export interface Setting {
  readonly name: string;
  readonly a: unknown;
  readonly b: unknown;
}

export interface Ended {
  readonly status: string;
  readonly attempts: number;
  readonly duration_ms: number | null;
  readonly error: string | null;
  readonly reason: string | null;
}

export type Cells = readonly unknown[];

export interface TableChange {
  readonly rows: readonly [number, number];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly key: readonly string[];
  readonly guessed: boolean;
  readonly moved: boolean;
  readonly columns: ReadonlyArray<{
    readonly name: string;
    readonly before: string;
    readonly after: string;
  }>;
  readonly by_column: Readonly<Record<string, number>>;
  readonly samples: {
    readonly columns: readonly string[];
    readonly added: readonly Cells[];
    readonly removed: readonly Cells[];
    readonly changed: ReadonlyArray<{ readonly before: Cells; readonly after: Cells }>;
  };
}

export interface PlainChange {
  readonly count: number;
  readonly places: ReadonlyArray<{
    readonly path: string;
    readonly before: unknown;
    readonly after: unknown;
  }>;
}

export interface TextChange {
  readonly added: number;
  readonly removed: number;
  readonly lines: ReadonlyArray<readonly [string, string]>;
}

export interface ArrayChange {
  readonly before: unknown;
  readonly after: unknown;
  readonly elements: number | null;
  readonly largest: number | null;
}

interface Held {
  readonly type: string;
  readonly rows: number | null;
}

interface OutputBase {
  readonly port: string;
  readonly difference: Difference;
  readonly why: string;
  readonly a: Held | null;
  readonly b: Held | null;
}

export type OutputDiff = OutputBase &
  (
    | { readonly kind: "table"; readonly change: TableChange | null }
    | { readonly kind: "plain"; readonly change: PlainChange | null }
    | { readonly kind: "text"; readonly change: TextChange | null }
    | { readonly kind: "array"; readonly change: ArrayChange | null }
    | { readonly kind: "other" | null; readonly change: null }
  );

export interface NodeDiff {
  readonly node: string;
  readonly was: string | null;
  readonly definition: {
    readonly mark: string;
    readonly parts: readonly string[];
    readonly lines: ReadonlyArray<readonly [string, string]>;
  };
  readonly a: Ended | null;
  readonly b: Ended | null;
  readonly diverges: boolean;
  readonly causes: readonly string[];
  readonly outputs: readonly OutputDiff[];
  readonly turns: {
    readonly compared: number;
    readonly differing: number;
    readonly only_a: number;
    readonly only_b: number;
    readonly first: readonly string[];
  } | null;
}

export interface Diff {
  readonly definition: {
    readonly known: boolean;
    readonly same: boolean;
    readonly summary: string;
    readonly about: ReadonlyArray<readonly [string, string]>;
  };
  readonly params: readonly Setting[];
  readonly environment: readonly Setting[];
  readonly nodes: readonly NodeDiff[];
  readonly edges: ReadonlyArray<{
    readonly source: string;
    readonly output: string;
    readonly target: string;
    readonly input: string;
    readonly definition: string;
    readonly taken: { readonly a: boolean; readonly b: boolean };
    readonly difference: Difference | null;
  }>;
  readonly first: readonly string[];
  readonly path: { readonly only_a: readonly string[]; readonly only_b: readonly string[] };
}

/** Colours of the canvas: where the runs part, and what followed from it. */
export function overlayOf(diff: Diff): Overlay {
  const first = new Set(diff.first);
  const nodes: Record<string, Mark> = {};
  for (const one of diff.nodes) nodes[one.node] = markOf(one, first.has(one.node));
  const changes = new Map<string, RowChanges>();
  for (const { node, outputs } of diff.nodes)
    for (const one of outputs)
      if (one.kind === "table" && one.change !== null) {
        const { added, removed, changed } = one.change;
        changes.set(`${node}.${one.port}`, { added, removed, changed });
      }
  const edges: Record<string, RowChanges> = {};
  for (const { source, output, target, input } of diff.edges) {
    const change = changes.get(`${source}.${output}`);
    if (change !== undefined) edges[`${source}.${output}>${target}.${input}`] = change;
  }
  return { kind: "divergence", nodes, edges };
}

function markOf(one: NodeDiff, first: boolean): Mark {
  if (one.definition.mark === "added" || one.a === null) return "added";
  if (one.definition.mark === "removed" || one.b === null) return "removed";
  if (first) return "diverged";
  return one.diverges ? "changed" : "same";
}

/** In a line: `1 row added, 2 changed (price) by id`; empty for nothing to tell. */
export function outputSummary(one: OutputDiff): string {
  if (one.difference === "unknown") return one.why || "not known";
  if (one.difference === "added") return "only in the second run";
  if (one.difference === "removed") return "only in the first run";
  if (one.difference === "same") return "";
  if (one.difference === "moved") return "the same rows in another order";
  switch (one.kind) {
    case "table":
      return one.change === null ? "" : tableSummary(one.change);
    case "plain": {
      const n = one.change?.count ?? 0;
      return `${n} ${n === 1 ? "place" : "places"} differ`;
    }
    case "text":
      return `+${one.change?.added ?? 0} −${one.change?.removed ?? 0} lines`;
    case "array":
      return one.change?.elements == null
        ? "another shape or type"
        : `${one.change.elements.toLocaleString("en-US")} elements differ`;
    default:
      return "another value";
  }
}

function tableSummary({ added, removed, changed, key, by_column }: TableChange): string {
  const names = Object.keys(by_column);
  const which = names.length > 0 && names.length <= 3 ? ` (${names.join(", ")})` : "";
  const parts = [
    added === 0 ? "" : `${added.toLocaleString("en-US")} added`,
    removed === 0 ? "" : `${removed.toLocaleString("en-US")} removed`,
    changed === 0 ? "" : `${changed.toLocaleString("en-US")} changed${which}`,
  ].filter(Boolean);
  if (parts.length === 0) return "other columns";
  return `rows: ${parts.join(", ")}${key.length > 0 ? ` by ${key.join(", ")}` : ""}`;
}

/** A value in few letters. */
export function inShort(value: unknown, most = 60): string {
  const text = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** How a node did in both runs, where that differs: `succeeded → failed`. */
export function endedSummary({ a, b }: NodeDiff): string {
  if (a === null || b === null || a.status === b.status) return "";
  return `${a.status} → ${b.status}`;
}

/** The nodes worth a look: they diverge, or something was different for them. */
export function differing(diff: Diff): readonly NodeDiff[] {
  return diff.nodes.filter((one) => one.diverges || one.causes.length > 0);
}
