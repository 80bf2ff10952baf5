/** The points that a run can be restored from, as the server tells them. */
export interface Checkpoint {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  /** The node that was done; empty for one that is of none. */
  readonly node: string;
  /** How many nodes were done. */
  readonly done: number;
  readonly bytes: number;
  /** How many of those gave something that was not kept. */
  readonly unkept: number;
  /** Why the flow asked for it; empty for the end of a node. */
  readonly why: string;
}

const ASKED: Readonly<Record<string, string>> = {
  node: "asked for by the node",
  turns: "asked for after so many turns",
  interval: "asked for after so much time",
};

/** What is known at a point: `total is done; 3 nodes known, 2.1 kB`. */
export function pointSaid(point: Checkpoint, bytes: (n: number) => string): string {
  const known = `${point.done} ${point.done === 1 ? "node" : "nodes"} known`;
  const again = point.unkept === 0 ? "" : `${point.unkept} of them may have to run again`;
  const asked = point.why === "" ? "" : (ASKED[point.why] ?? point.why);
  return [known, bytes(point.bytes), again, asked].filter(Boolean).join(", ");
}

/** The point to offer: the last one that is not behind the moment that is shown. */
export function offered(points: readonly Checkpoint[], seq: number | null): number | null {
  const before = seq === null ? points : points.filter((point) => point.seq <= seq);
  return (before.at(-1) ?? points[0])?.seq ?? null;
}
