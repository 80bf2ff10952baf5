/** What feeds a node, and what it feeds, however far away. */
import type { EdgeView } from "../protocol/generated";

export function upstream(edges: readonly EdgeView[], from: Iterable<string>): Set<string> {
  return reached(edges, from, (edge) => [edge.target, edge.source]);
}

export function downstream(edges: readonly EdgeView[], from: Iterable<string>): Set<string> {
  return reached(edges, from, (edge) => [edge.source, edge.target]);
}

function reached(
  edges: readonly EdgeView[],
  from: Iterable<string>,
  step: (edge: EdgeView) => readonly [string, string],
): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of edges) {
    const [at, to] = step(edge);
    next.set(at, [...(next.get(at) ?? []), to]);
  }
  const found = new Set(from);
  for (const name of found) for (const to of next.get(name) ?? []) found.add(to);
  return found;
}
