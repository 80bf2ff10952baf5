/** Where the automatic layout puts a flow, computed once for all definitions of the same shape. */
import { type Link, type Routes, routes } from "../model/layout";
import type { EdgeView, FlowView } from "../protocol/generated";

interface Known {
  readonly names: readonly string[];
  readonly routes: Routes;
}

/** By the list of edges, which is the same object as long as no edge changed. */
const known = new WeakMap<readonly EdgeView[], Known>();
const ofFlow = new WeakMap<FlowView, Routes>();

export function routed(flow: FlowView): Routes {
  const found = ofFlow.get(flow) ?? ofShape(flow);
  ofFlow.set(flow, found);
  return found;
}

function ofShape(flow: FlowView): Routes {
  const names = flow.nodes.map((node) => node.name);
  const before = known.get(flow.edges);
  if (before?.names.length === names.length && names.every((name, i) => name === before.names[i]))
    return before.routes;
  const links = flow.edges.map((edge): Link => [edge.source, edge.target]);
  const found = routes(names, links);
  known.set(flow.edges, { names, routes: found });
  return found;
}
