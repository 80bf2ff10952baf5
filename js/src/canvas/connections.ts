/** What a screen reader hears of a node's ports, and of its place in the flow. */
import type { Routes } from "../model/layout";
import type { FlowView, NodeView } from "../protocol/generated";
import { routed } from "./routed";

const known = new WeakMap<Routes, ReadonlyMap<string, number>>();

/** `2 inputs, 1 output, node 3 of 12`, in the order data flows. */
export function connectionsSaid(flow: FlowView | null, node: NodeView): string {
  const parts = [count(node.inputs.length, "input"), count(node.outputs.length, "output")];
  const at = flow === null ? undefined : numbers(flow).get(node.name);
  if (at !== undefined) parts.push(`node ${at + 1} of ${flow?.nodes.length}`);
  return parts.join(", ");
}

function numbers(flow: FlowView): ReadonlyMap<string, number> {
  const routes = routed(flow);
  const found = known.get(routes) ?? new Map(routes.order.map((name, i) => [name, i]));
  known.set(routes, found);
  return found;
}

function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}
