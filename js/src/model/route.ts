/** Which way a node that chooses sent the data. Pure. */
import type { EdgeView, FlowView, NodeView } from "../protocol/generated";
import type { RunState } from "./run";

const CHOOSERS: ReadonlySet<string> = new Set(["router"]);

/** The branches it took and left; null for a node that does not choose, or has not yet. */
export function routeOf(
  node: NodeView,
  run: RunState | null,
): { readonly taken: readonly string[]; readonly left: readonly string[] } | null {
  const one = run?.nodes[node.name];
  if (one?.phase !== "done" || node.outputs.length < 2) return null;
  if (one.outcome !== "succeeded" && one.outcome !== "reused") return null;
  const taken = node.outputs.filter((output) => output in one.outputs);
  const left = node.outputs.filter((output) => !(output in one.outputs));
  return left.length === 0 && !CHOOSERS.has(node.kind) ? null : { taken, left };
}

/** `Took hot, big orders`, by the labels of its outputs; '' where there is nothing to say. */
export function tookLabel(node: NodeView, run: RunState | null): string {
  const route = routeOf(node, run);
  if (route === null) return "";
  const names = route.taken.map((output) => node.ports[output]?.label || output);
  return names.length === 0 ? "Took none" : `Took ${names.join(", ")}`;
}

/** `taken` or `not taken` beside a way out of such a node; '' beside any other. */
export function routeLabel(edge: EdgeView, flow: FlowView | null, run: RunState | null): string {
  const node = run === null ? undefined : chooser(flow, edge.source);
  const route = node === undefined ? null : routeOf(node, run);
  if (route === null) return "";
  return route.taken.includes(edge.output) ? "taken" : "not taken";
}

const known = new WeakMap<FlowView, ReadonlyMap<string, NodeView>>();

/** The node, if it has more than one output: only such are looked at, and once for a definition. */
function chooser(flow: FlowView | null, name: string): NodeView | undefined {
  if (flow === null) return undefined;
  let found = known.get(flow);
  if (found === undefined) {
    found = new Map(
      flow.nodes.filter((one) => one.outputs.length > 1).map((one) => [one.name, one]),
    );
    known.set(flow, found);
  }
  return found.get(name);
}
