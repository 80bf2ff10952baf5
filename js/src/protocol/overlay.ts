/**
 * What can be laid over a flow besides how it stands: the way one run took, how often each way was
 * taken, where two runs differ, what takes long. Whoever shows a history gives one of these.
 */

/** `diverged`: the first whose results differ; those behind it are `changed` because of it. */
export type Mark = "same" | "changed" | "diverged" | "added" | "removed";

/** How many rows of what went along an edge are new, gone and different. */
export interface RowChanges {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** A share from 0 to 1, of the largest there is, and what it stands for: `p95 1.4 s`. */
export interface Heat {
  readonly share: number;
  readonly text: string;
}

/** Edges are named as `edgeKey` names them: `source.output>target.input`. */
export type Overlay =
  | { readonly kind: "path" }
  | {
      readonly kind: "frequency";
      /** How many runs were counted. */
      readonly runs: number;
      readonly edges: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: "divergence";
      readonly nodes: Readonly<Record<string, Mark>>;
      readonly edges: Readonly<Record<string, RowChanges>>;
    }
  | {
      readonly kind: "heat";
      /** What the texts are about, for the line above the canvas: `Duration (p95) in 120 runs`. */
      readonly what: string;
      readonly nodes: Readonly<Record<string, Heat>>;
    };
