/**
 * The critical path: the chain of nodes that decided how long the run took. From the node that was
 * over last, again and again the node before it that was over last, which is what it waited for.
 */
import type { EdgeView } from "../../protocol/generated";
import type { Line } from "./trace";

export interface Critical {
  /** Keys of lines, in the order they ran. */
  readonly path: readonly string[];
  /** Milliseconds from the beginning of the first to the end of the last. */
  readonly ms: number;
  /** Milliseconds of those in which one of them worked; the rest they waited. */
  readonly work: number;
}

/** Nodes outside of all turns; what is in a container is part of its container. */
export function criticalOf(lines: readonly Line[], edges: readonly EdgeView[]): Critical {
  const own = lines.filter((line) => line.scope === "" && line.outcome !== "reused");
  const byNode = new Map(own.map((line) => [line.node, line]));
  const before = new Map<string, Set<string>>();
  for (const { source, target } of edges) {
    const known = before.get(target) ?? new Set<string>();
    before.set(target, known.add(source));
  }
  let at = latest(own);
  const path: Line[] = [];
  const seen = new Set<string>();
  while (at !== undefined && !seen.has(at.key)) {
    seen.add(at.key);
    path.unshift(at);
    const sources = [...(before.get(at.node) ?? [])].flatMap((name) => byNode.get(name) ?? []);
    at = latest(sources);
  }
  const from = path[0]?.from ?? 0;
  const to = path.at(-1)?.to ?? from;
  return {
    path: path.map((line) => line.key),
    ms: (to - from) * 1000,
    work: path.reduce((all, line) => all + worked(line), 0),
  };
}

function latest(lines: readonly Line[]): Line | undefined {
  let found: Line | undefined;
  for (const line of lines) if (found === undefined || line.to > found.to) found = line;
  return found;
}

function worked(line: Line): number {
  return line.spans
    .filter(({ kind }) => kind === "attempt" || kind === "turns")
    .reduce((all, { from, to }) => all + (to - from) * 1000, 0);
}
