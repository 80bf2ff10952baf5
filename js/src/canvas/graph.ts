/** The definition as React Flow wants it: nodes and ports of fixed size, so nothing is measured. */
import { type Edge, type Node, Position } from "@xyflow/react";
import { flowOrder, HEIGHT, type Link, type Routes, routes, WIDTH } from "../model/layout";
import { staleReason, standing, standingLabel } from "../model/selectors";
import { type Part, partOf } from "../model/undoing";
import type { EdgeView, FlowView, NodeView, ProblemView } from "../protocol/generated";
import type { Way } from "./path";

export interface Port {
  readonly name: string;
  /** Distance of its centre from the node's top. */
  readonly y: number;
  readonly title: string;
}

export type FlowNode = Node<
  {
    readonly node: NodeView;
    readonly inputs: readonly Port[];
    readonly outputs: readonly Port[];
    readonly problems: readonly ProblemView[];
    /** Where it is, or what it is for. */
    readonly part: Part | null;
    /** Why the result shown is out of date; null when it is not. */
    readonly stale: string | null;
  },
  "flow"
>;
export type FlowEdge = Edge<{ readonly edge: EdgeView; readonly way: Way | null }, "flow">;

export function graphNodes(flow: FlowView): FlowNode[] {
  const wired = arrivals(flow);
  return inFlowOrder(flow).map((node) => {
    const at = wired.get(node.name) ?? new Map<string, number>();
    const inputs = ports(
      node.inputs
        .filter((one) => at.has(one.name))
        .sort((a, b) => (at.get(a.name) ?? 0) - (at.get(b.name) ?? 0)),
      (one) => `${one.name} ← ${one.source}`,
    );
    const outputs = ports(
      node.outputs.map((name) => ({ name })),
      (one) => `output ${one.name}`,
    );
    return {
      id: node.name,
      type: "flow",
      position: { x: node.x, y: node.y },
      width: WIDTH,
      height: HEIGHT,
      ariaLabel: `${node.name}, ${node.kind}, ${standingLabel(standing(undefined))}`,
      handles: [
        ...inputs.map((port) => handle(port, "target", Position.Left, 0)),
        ...outputs.map((port) => handle(port, "source", Position.Right, WIDTH)),
      ],
      data: {
        node,
        inputs,
        outputs,
        problems: flow.problems.filter((one) => one.node === node.name),
        part: partOf(flow, node),
        stale: staleReason(flow, node.name),
      },
    };
  });
}

export function graphEdges(flow: FlowView): FlowEdge[] {
  const nodes = new Map(graphNodes(flow).map((node) => [node.id, node]));
  const { places, via } = routed(flow);
  const way = ({ source, output, target, input }: EdgeView): Way | null => {
    const from = places.get(source);
    const to = places.get(target);
    const out = nodes.get(source)?.data.outputs.find((port) => port.name === output);
    const into = nodes.get(target)?.data.inputs.find((port) => port.name === input);
    return from && to && out && into
      ? {
          start: { x: from.x + WIDTH, y: from.y + out.y },
          end: { x: to.x, y: to.y + into.y },
          via: via(source, target),
        }
      : null;
  };
  return flow.edges.map((edge) => ({
    id: `${edge.source}.${edge.output}>${edge.target}.${edge.input}`,
    type: "flow",
    source: edge.source,
    sourceHandle: edge.output,
    target: edge.target,
    targetHandle: edge.input,
    focusable: false,
    selectable: false,
    data: { edge, way: way(edge) },
  }));
}

/** The same edges, those of the selected node marked. */
export function beside(edges: readonly FlowEdge[], selected: string | null): FlowEdge[] {
  return edges.map((edge) =>
    selected !== null && (edge.source === selected || edge.target === selected)
      ? { ...edge, className: "fb-beside" }
      : edge,
  );
}

const known = new WeakMap<FlowView, Routes>();

function routed(flow: FlowView): Routes {
  const found = known.get(flow) ?? routes(namesOf(flow), links(flow));
  known.set(flow, found);
  return found;
}

/** The height at which each wired input is reached, by node: ports in that order cross no lines. */
function arrivals(flow: FlowView): Map<string, Map<string, number>> {
  const { via } = routed(flow);
  const y = new Map(flow.nodes.map((node) => [node.name, node.y + HEIGHT / 2]));
  const found = new Map<string, Map<string, number>>();
  for (const { source, target, input } of flow.edges) {
    const at = found.get(target) ?? new Map<string, number>();
    at.set(input, via(source, target).at(-1)?.y ?? y.get(source) ?? 0);
    found.set(target, at);
  }
  return found;
}

/** The Tab key follows the data. */
function inFlowOrder(flow: FlowView): NodeView[] {
  const at = new Map(flowOrder(namesOf(flow), links(flow)).map((name, i) => [name, i]));
  return [...flow.nodes].sort((a, b) => (at.get(a.name) ?? 0) - (at.get(b.name) ?? 0));
}

function namesOf(flow: FlowView): string[] {
  return flow.nodes.map((node) => node.name);
}

function links(flow: FlowView): Link[] {
  return flow.edges.map((edge) => [edge.source, edge.target]);
}

/** The nodes where the automatic layout puts them: what tidying up looks like at once. */
export function tidied(flow: FlowView, nodes: readonly FlowNode[]): FlowNode[] {
  const { places } = routed(flow);
  return nodes.map((node) => ({ ...node, position: places.get(node.id) ?? node.position }));
}

/** New nodes from a new definition, with what the user is doing to the old ones kept. */
export function carryOver(before: readonly FlowNode[], after: FlowNode[]): FlowNode[] {
  const old = new Map(before.map((node) => [node.id, node]));
  return after.map((node) => {
    const was = old.get(node.id);
    if (was === undefined) return node;
    const dragged = was.dragging ? { position: was.position, dragging: true } : {};
    return { ...node, ...dragged, ...(was.selected ? { selected: true } : {}) };
  });
}

function ports<T extends { readonly name: string }>(
  ones: readonly T[],
  title: (one: T) => string,
): Port[] {
  return ones.map((one, i) => ({
    name: one.name,
    y: (HEIGHT * (i + 1)) / (ones.length + 1),
    title: title(one),
  }));
}

function handle(port: Port, type: "source" | "target", position: Position, x: number) {
  return { id: port.name, type, position, x, y: port.y, width: 0, height: 0 };
}
