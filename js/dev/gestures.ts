/** A kernel that edits a flow in memory: enough of Python's answers to try gestures without it. */
import { nested } from "../src/model/nesting";
import { downstream } from "../src/model/reach";
import type {
  EdgeView,
  EditMessage,
  FlowView,
  InputView,
  KernelMessage,
  NodeView,
  Target,
  ViewMessage,
} from "../src/protocol/generated";

type Asked = Extract<ViewMessage, { readonly rid: number }>;
type Done = { readonly flow: FlowView; readonly label: string; readonly nodes?: string[] };

/** What is answered, and the flow after it; null for what is no gesture. */
export function gesture(message: Asked, flow: FlowView): readonly [KernelMessage, FlowView] | null {
  const { view, rid } = message;
  if (message.type === "TARGETS") {
    const targets = targetsOf(flow, message.source, message.output);
    return [{ type: "TARGETS", view, rid, targets }, flow];
  }
  if (message.type === "COPY")
    return [{ type: "CLIP", view, rid, text: copied(flow, message.nodes) }, flow];
  const done = doneBy(message, flow);
  if (done === null) return null;
  if (typeof done === "string") {
    const hint = "Nothing was changed.";
    return [{ type: "REFUSED", message: done, hint, problems: [], view, rid }, flow];
  }
  const { label, nodes = [] } = done;
  return [{ type: "EDITED", view, rid, label, nodes, path: null, note: "" }, done.flow];
}

/** Nodes that were dragged, or laid out anew; null for what is neither. */
export function rearranged(message: ViewMessage, flow: FlowView): FlowView | null {
  if (message.type === "MOVE") return moved(flow, message.positions);
  return message.type === "TIDY_UP" ? tidied(flow) : null;
}

function doneBy(message: Asked, flow: FlowView): Done | string | null {
  switch (message.type) {
    case "EDIT":
      return edited(flow, message.edit);
    case "REMOVE":
      return removed(flow, message.nodes ?? [], message.edges ?? []);
    case "DUPLICATE":
      return added(flow, copied(flow, message.nodes), 40, 40, "Duplicate");
    case "PASTE":
      return pasted(flow, message.text, message.x ?? 0, message.y ?? 0);
    case "SPLICE":
      return spliced(placed(flow, message), message.node, message.on.target, message.on.input);
    case "GROUP":
      return grouped(flow, message.nodes);
    case "UNGROUP":
      return ungrouped(flow, message.node);
    default:
      return null;
  }
}

function tidied(flow: FlowView): FlowView {
  const places = nested(
    flow.nodes,
    flow.edges.map((edge) => [edge.source, edge.target] as const),
  );
  return moved(flow, Object.fromEntries(places));
}

function placed(flow: FlowView, { node, x, y }: Extract<Asked, { type: "SPLICE" }>): FlowView {
  return x == null || y == null ? flow : moved(flow, { [node]: { x, y } });
}

function moved(
  flow: FlowView,
  places: Readonly<Record<string, { x: number; y: number } | null>>,
): FlowView {
  return { ...flow, nodes: flow.nodes.map((node) => ({ ...node, ...places[node.name] })) };
}

function targetsOf(flow: FlowView, source: string, output: string): Target[] {
  const before = new Set(
    flow.nodes.map((one) => one.name).filter((one) => downstream(flow.edges, [one]).has(source)),
  );
  return flow.nodes
    .filter((node) => node.name !== source && node.kind !== "note")
    .flatMap((node) => {
      const refused = before.has(node.name)
        ? `${node.name} is needed by ${source}: this would close a circle`
        : node.kind === "http"
          ? `${node.name} takes texts, and ${output} is a table`
          : "";
      const fed = new Map(
        flow.edges
          .filter((edge) => edge.target === node.name)
          .map((edge) => [edge.input, `${edge.source}.${edge.output}`]),
      );
      const inputs = node.inputs.map(({ name }) => ({
        node: node.name,
        input: name,
        refused,
        replaces: fed.get(name) ?? "",
      }));
      return [...inputs, { node: node.name, input: "", refused, replaces: "" }];
    });
}

function edited(flow: FlowView, edit: EditMessage): Done | string {
  switch (edit.type) {
    case "SEVERAL": {
      let now = flow;
      for (const one of edit.edits) {
        const done = edited(now, one);
        if (typeof done === "string") return done;
        now = done.flow;
      }
      return { flow: now, label: edit.name ?? "Several changes" };
    }
    case "CONNECT": {
      const { source, output, target, input } = edit;
      const label = `Connect ${source}.${output} to ${target}.${input}`;
      return { flow: connected(flow, { source, output, target, input }), label };
    }
    case "DISCONNECT":
      return removed(flow, [], [edit]);
    case "MOVE_NODES":
      return { flow: moved(flow, edit.positions), label: "Move nodes" };
    case "RENAME_NODE":
      if (!/^[a-z_][a-z0-9_]*$/i.test(edit.new)) return `'${edit.new}' is no name of a node.`;
      if (flow.nodes.some((one) => one.name === edit.new))
        return `There is a node '${edit.new}' already.`;
      return {
        flow: renamed(flow, edit.old, edit.new),
        label: `Rename ${edit.old} to ${edit.new}`,
      };
    case "SET_OPTIONS": {
      const { node, options } = edit;
      const inside = options.in?.split(".")[0] ?? null;
      return { flow: changed(flow, node, { options, inside }), label: `Options of ${node}` };
    }
    case "SET_BODY": {
      const settings = [{ name: "text", origin: "literal", text: edit.body }];
      return { flow: changed(flow, edit.node, { settings }), label: `Edit ${edit.node}` };
    }
    default:
      return "This bench cannot do that.";
  }
}

function changed(flow: FlowView, name: string, by: Partial<NodeView>): FlowView {
  return {
    ...flow,
    nodes: flow.nodes.map((node) => (node.name === name ? { ...node, ...by } : node)),
  };
}

function renamed(flow: FlowView, old: string, now: string): FlowView {
  const name = (one: string) => (one === old ? now : one);
  return {
    ...flow,
    nodes: flow.nodes.map((node) => ({
      ...node,
      name: name(node.name),
      inside: node.inside === null ? null : name(node.inside),
    })),
    edges: flow.edges.map((edge) => ({
      ...edge,
      source: name(edge.source),
      target: name(edge.target),
    })),
  };
}

function connected(flow: FlowView, edge: EdgeView): FlowView {
  const target = flow.nodes.find((one) => one.name === edge.target);
  const others = target?.inputs.filter((one) => one.name !== edge.input) ?? [];
  const input: InputView = {
    name: edge.input,
    source: `${edge.source}.${edge.output}`,
    required: true,
    origin: "upstream",
    takes: "",
  };
  const rest = flow.edges.filter((one) => one.target !== edge.target || one.input !== edge.input);
  return {
    ...changed(flow, edge.target, { inputs: [...others, input] }),
    edges: [...rest, edge],
  };
}

function removed(
  flow: FlowView,
  nodes: readonly string[],
  edges: readonly { readonly target: string; readonly input: string }[],
): Done {
  const gone = new Set(nodes);
  const kept = flow.edges.filter(
    (edge) =>
      !gone.has(edge.source) &&
      !gone.has(edge.target) &&
      !edges.some((one) => one.target === edge.target && one.input === edge.input),
  );
  const label = nodes.length > 0 ? `Delete ${nodes.join(", ")}` : "Delete a wire";
  return {
    flow: { ...flow, nodes: flow.nodes.filter((one) => !gone.has(one.name)), edges: kept },
    label,
  };
}

function copied(flow: FlowView, names: readonly string[]): string {
  return JSON.stringify(flow.nodes.filter((one) => names.includes(one.name)));
}

function pasted(flow: FlowView, text: string, x: number, y: number): Done | string {
  try {
    const nodes = JSON.parse(text) as NodeView[];
    const left = Math.min(...nodes.map((one) => one.x));
    const top = Math.min(...nodes.map((one) => one.y));
    return added(flow, text, x - left, y - top, "Paste");
  } catch {
    return "The clipboard holds no nodes.";
  }
}

function added(flow: FlowView, text: string, dx: number, dy: number, verb: string): Done {
  const taken = new Set(flow.nodes.map((one) => one.name));
  const nodes = (JSON.parse(text) as NodeView[]).map((node) => {
    let name = node.name;
    for (let i = 2; taken.has(name); i++) name = `${node.name}_${i}`;
    taken.add(name);
    return { ...node, name, x: node.x + dx, y: node.y + dy };
  });
  const names = nodes.map((one) => one.name);
  return {
    flow: { ...flow, nodes: [...flow.nodes, ...nodes] },
    label: `${verb} ${names.join(", ")}`,
    nodes: names,
  };
}

function spliced(flow: FlowView, name: string, target: string, input: string): Done | string {
  const node = flow.nodes.find((one) => one.name === name);
  const edge = flow.edges.find((one) => one.target === target && one.input === input);
  const output = node?.outputs[0];
  if (edge === undefined || output === undefined) return `${name} has no output to go on with.`;
  const free = node?.inputs.find(
    (one) => !flow.edges.some((wire) => wire.target === name && wire.input === one.name),
  );
  const into = { ...edge, target: name, input: free?.name ?? edge.output };
  const on = { source: name, output, target, input };
  return {
    flow: connected(connected(flow, into), on),
    label: `Put ${name} between ${edge.source} and ${target}`,
    nodes: [name],
  };
}

function grouped(flow: FlowView, names: readonly string[]): Done {
  const members = flow.nodes.filter((one) => names.includes(one.name));
  const group: NodeView = {
    ...(members[0] as NodeView),
    name: "group_1",
    kind: "group",
    inputs: [],
    outputs: ["group_1"],
    contains: true,
    options: {},
    settings: [],
    x: Math.min(...members.map((one) => one.x)) - 20,
    y: Math.min(...members.map((one) => one.y)) - 56,
  };
  const inside = flow.nodes.map((one) =>
    names.includes(one.name)
      ? { ...one, inside: "group_1", options: { ...one.options, in: "group_1" } }
      : one,
  );
  return {
    flow: { ...flow, nodes: [...inside, group] },
    label: `Put ${names.length} nodes into group_1`,
    nodes: ["group_1"],
  };
}

function ungrouped(flow: FlowView, name: string): Done {
  const members = flow.nodes.filter((one) => one.inside === name).map((one) => one.name);
  const nodes = flow.nodes
    .filter((one) => one.name !== name)
    .map((one) => {
      if (one.inside !== name) return one;
      const { in: _, ...options } = one.options;
      return { ...one, inside: null, options };
    });
  const edges = flow.edges.filter((one) => one.source !== name && one.target !== name);
  return { flow: { ...flow, nodes, edges }, label: `Take ${name} apart`, nodes: members };
}
