/** The definition as React Flow wants it: nodes and ports of fixed size, so nothing is measured. */
import { type Edge, type Node, Position } from "@xyflow/react";
import type { Geometry } from "../editor/geometry";
import { kept } from "../model/kept";
import { HEIGHT, type Point, type Routes, WIDTH } from "../model/layout";
import type { Drawn, Lane, Nest } from "../model/nesting";
import { staleReason, standing, standingLabel } from "../model/selectors";
import { edgeKey } from "../model/state";
import { type Part, partOf } from "../model/undoing";
import type { EdgeView, FlowView, NodeView, ProblemView } from "../protocol/generated";
import { noteOf } from "../view/kinds";
import type { Way } from "./path";
import { arrivals, inputPorts, outputPorts, type Port } from "./port";
import { routed } from "./routed";

/** The ends of lines to what is in a closed container. */
const INTO = "+in";
const OUT_OF = "+out";

export interface NodeData extends Record<string, unknown> {
  readonly node: NodeView;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly problems: readonly ProblemView[];
  /** Where it is, or what it is for. */
  readonly part: Part | null;
  /** Why the result shown is out of date; null when it is not. */
  readonly stale: string | null;
  /** Where the definition has it, in the box it is in. */
  readonly at: Point;
  /** How many nodes are inside; null where none can be. */
  readonly members: number | null;
  readonly folded: boolean;
  readonly lanes: readonly Lane[];
}

export type FlowNode = Node<NodeData, "flow" | "container" | "note">;
export type FlowEdge = Edge<
  {
    readonly edge: EdgeView;
    /** More than one where they all end in a closed container. */
    readonly all: readonly EdgeView[];
    readonly way: Way | null;
  },
  "flow"
>;

/** What one view sees of a flow. */
export interface Picture extends Geometry {
  readonly nodes: FlowNode[];
  readonly edges: FlowEdge[];
}

export function pictured(flow: FlowView, geometry: Geometry): Picture {
  const nodes = graphNodes(flow, geometry);
  return { ...geometry, nodes, edges: edgesOf(flow, geometry, nodes) };
}

export function graphNodes(flow: FlowView, { nest, boxes }: Geometry): FlowNode[] {
  const { via } = routed(flow);
  const middle = new Map(flow.nodes.map((node) => [node.name, node.y + HEIGHT / 2]));
  const wired = arrivals(
    flow,
    (source, target) => via(source, target).at(-1)?.y ?? middle.get(source) ?? 0,
  );
  const problems = byNode(flow.problems);
  const stale = new Set(flow.stale);
  const undone = new Set(flow.nodes.map((node) => node.options.compensate));
  return drawnOrder(flow, nest)
    .filter((node) => boxes.has(node.name))
    .map((node) => {
      const box = boxes.get(node.name) as Drawn;
      const { x, y, width, height, folded, lanes } = box;
      const inputs = inputPorts(node, wired.get(node.name) ?? NONE, height);
      const outputs = outputPorts(node, height);
      const contains = nest.contains(node.name);
      const { in: home, ...rest } = node.options;
      const shown = box.home === null ? node : { ...node, options: rest };
      return {
        id: node.name,
        type: node.kind === "note" ? "note" : contains && !folded ? "container" : "flow",
        position: { x, y },
        ...(box.home === null ? {} : { parentId: box.home }),
        width,
        height,
        measured: { width, height },
        ariaLabel: firstSaid(node),
        handles: [
          ...inputs.map((port) => handle(port, "target", 0)),
          ...outputs.map((port) => handle(port, "source", width)),
          ...(folded ? [handle({ name: INTO, y: height / 2 }, "target", 0)] : []),
          ...(folded ? [handle({ name: OUT_OF, y: height / 2 }, "source", width)] : []),
        ],
        data: {
          node,
          inputs,
          outputs,
          problems: problems.get(node.name) ?? NO_PROBLEMS,
          part: home || rest.role || undone.has(node.name) ? partOf(flow, shown) : null,
          stale: stale.has(node.name) ? staleReason(flow, node.name) : null,
          at: { x, y },
          members: contains ? nest.members(node.name).length : null,
          folded,
          lanes,
        },
      };
    });
}

function edgesOf(
  flow: FlowView,
  { nest, boxes }: Geometry,
  drawn: readonly FlowNode[],
): FlowEdge[] {
  const nodes = new Map(drawn.map((node) => [node.id, node]));
  const plan = nest.members(null).length === flow.nodes.length ? routed(flow) : null;
  const found = new Map<string, FlowEdge>();
  for (const edge of flow.edges) {
    const from = seen(nest, boxes, edge.source);
    const to = seen(nest, boxes, edge.target);
    if (from === to) continue;
    const sourceHandle = from === edge.source ? edge.output : OUT_OF;
    const targetHandle = to === edge.target ? edge.input : INTO;
    const key = `${from}.${sourceHandle}>${to}.${targetHandle}`;
    const before = found.get(key);
    const all = [...(before?.data?.all ?? []), edge];
    const said = all.map((one) => `${one.source}.${one.output} to ${one.target}.${one.input}`);
    found.set(key, {
      id: before?.id ?? edgeKey(edge),
      type: "flow",
      source: from,
      sourceHandle,
      target: to,
      targetHandle,
      focusable: false,
      selectable: false,
      ariaRole: "button",
      ariaLabel: said.join(", "),
      domAttributes: FOCUSABLE,
      data: { edge, all, way: plan === null ? null : way(edge, plan, nodes) },
    });
  }
  return [...found.values()];
}

function way(
  { source, output, target, input }: EdgeView,
  { places, via }: Routes,
  nodes: ReadonlyMap<string, FlowNode>,
): Way | null {
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
}

/** The node itself, or the closed container it is in that can be seen. */
function seen(nest: Nest, boxes: ReadonlyMap<string, Drawn>, name: string): string {
  if (boxes.has(name)) return name;
  return nest.around(name).find((one) => boxes.has(one)) ?? name;
}

/** By a key that leads there; spelled as SVG has it, which knows no other spelling. */
const FOCUSABLE = { tabindex: -1 } as object;
const NONE: ReadonlyMap<string, number> = new Map();
const NO_PROBLEMS: readonly ProblemView[] = [];

/** The Tab key follows the data; a container comes before what is in it. */
function drawnOrder(flow: FlowView, nest: Nest): NodeView[] {
  const at = new Map(routed(flow).order.map((name, i) => [name, i]));
  const sorted = (nodes: readonly NodeView[]) =>
    [...nodes].sort((a, b) => (at.get(a.name) ?? 0) - (at.get(b.name) ?? 0));
  const from = (home: string | null): NodeView[] =>
    sorted(nest.members(home)).flatMap((node) =>
      nest.members(node.name).length === 0 ? [node] : [node, ...from(node.name)],
    );
  return from(null);
}

function byNode(problems: readonly ProblemView[]): Map<string, ProblemView[]> {
  const found = new Map<string, ProblemView[]>();
  for (const one of problems) {
    if (one.node === null) continue;
    const before = found.get(one.node);
    if (before === undefined) found.set(one.node, [one]);
    else before.push(one);
  }
  return found;
}

/** The same edges, those of selected nodes and those that are selected marked. */
export function beside(
  edges: readonly FlowEdge[],
  nodes: ReadonlySet<string>,
  chosen: ReadonlySet<string> = new Set(),
): FlowEdge[] {
  return edges.map((edge) => {
    const selected = chosen.has(edge.id);
    if (!selected && !nodes.has(edge.source) && !nodes.has(edge.target)) return edge;
    return { ...edge, selected, className: selected ? "fb-chosen fb-beside" : "fb-beside" };
  });
}

/**
 * New nodes from a new definition, with what the user is doing to the old ones kept. A node that
 * did not change is the same object again, and none is drawn anew but those that did.
 */
export function carryOver(before: FlowNode[], after: readonly FlowNode[]): FlowNode[] {
  const old = new Map(before.map((node) => [node.id, node]));
  const nodes = after.map((node) => {
    const was = old.get(node.id);
    if (was === undefined) return node;
    const { position, dragging, selected } = was;
    const held = dragging ? { position, dragging } : dragging === undefined ? {} : { dragging };
    return kept(was, { ...node, ...held, ...(selected === undefined ? {} : { selected }) });
  });
  return sameAs(before, nodes);
}

/** New edges from a new definition; those that did not change are the same objects again. */
export function carryEdges(before: FlowEdge[], after: FlowEdge[]): FlowEdge[] {
  const old = new Map(before.map((edge) => [edge.id, edge]));
  return sameAs(
    before,
    after.map((edge) => kept(old.get(edge.id), edge)),
  );
}

function sameAs<T>(before: T[], after: T[]): T[] {
  return before.length === after.length && after.every((one, i) => one === before[i])
    ? before
    : after;
}

/** The same nodes, the selected ones marked; the same array when nothing is different. */
export function marked(nodes: FlowNode[], chosen: ReadonlySet<string>): FlowNode[] {
  const wrong = (node: FlowNode) => (node.selected ?? false) !== chosen.has(node.id);
  if (!nodes.some(wrong)) return nodes;
  return nodes.map((node) => (wrong(node) ? { ...node, selected: chosen.has(node.id) } : node));
}

/** Until it is painted; a note never is. */
function firstSaid(node: NodeView): string {
  if (node.kind === "note") return `${node.name}, note: ${noteOf(node)}`;
  return `${node.name}, ${node.kind}, ${standingLabel(standing(undefined))}`;
}

function handle(port: { name: string; y: number }, type: "source" | "target", x: number) {
  const position = type === "source" ? Position.Right : Position.Left;
  return { id: port.name, type, position, x, y: port.y, width: 0, height: 0 };
}
