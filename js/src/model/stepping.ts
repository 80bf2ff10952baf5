/** Which node of a paused run a step would let go. */
import type { RunState } from "./run";

/** The next node that is held, named with its turn inside of containers; null for none. */
export function nextHeld(run: RunState | null): string | null {
  if (run === null || !run.paused || run.verdict !== null) return null;
  const own = run.order.find((name) => run.nodes[name]?.phase === "held");
  if (own !== undefined) return own;
  for (const [path, { nodes }] of run.scopes) {
    if (path === "") continue;
    for (const [name, one] of nodes) if (one.phase === "held") return `${path}.${name}`;
  }
  return null;
}
