/** The ports of a node: where they are, what they are called, and what feeds them. */
import type { FlowView, InputView, NodeView } from "../protocol/generated";

/** `fed`: by a wire. `given`: by a parameter, or a container around. `open`: it may stay so. `missing`: it may not. */
export type Feed = "fed" | "given" | "open" | "missing";

export interface Port {
  readonly name: string;
  /** Distance of its centre from the node's top. */
  readonly y: number;
  readonly title: string;
  /** Written beside it; '' where it needs no name. */
  readonly label: string;
  /** A CSS colour; '' for the usual gray. */
  readonly color: string;
  readonly feed: Feed;
}

/** More names of ports than these would not fit under each other. */
const MOST_LABELS = 6;
/** What users call their colours, in those of the theme. */
const COLORS: Readonly<Record<string, string>> = {
  green: "var(--fb-good)",
  orange: "var(--fb-warn)",
  red: "var(--fb-bad)",
  blue: "var(--fb-info)",
  gray: "",
  grey: "",
};
const PLAIN_COLOR = /^(#[0-9a-f]{3,8}|[a-z]{3,24})$/i;

export function colorOf(said: string): string {
  const color = said.trim();
  return COLORS[color.toLowerCase()] ?? (PLAIN_COLOR.test(color) ? color : "");
}

/** Wired inputs in the order in which their lines arrive, then those that nothing is wired to. */
export function inputPorts(
  node: NodeView,
  arrivals: ReadonlyMap<string, number>,
  height: number,
): Port[] {
  const wired = node.inputs
    .filter((one) => arrivals.has(one.name))
    .sort((a, b) => (arrivals.get(a.name) ?? 0) - (arrivals.get(b.name) ?? 0));
  const rest = node.inputs.filter((one) => !arrivals.has(one.name));
  return [...wired, ...rest].map((one, i, all) => {
    const feed = feedOf(one, arrivals.has(one.name));
    return {
      name: one.name,
      y: (height * (i + 1)) / (all.length + 1),
      title: inputTitle(one, feed),
      label: "",
      color: "",
      feed,
    };
  });
}

export function outputPorts(node: NodeView, height: number): Port[] {
  const { outputs } = node;
  return outputs.map((name, i) => {
    const view = node.ports[name];
    const called = view?.label || name;
    const needed = outputs.length > 1 || Boolean(view?.label) || Boolean(view?.color);
    return {
      name,
      y: (height * (i + 1)) / (outputs.length + 1),
      title: `output ${name}${view?.gives ? `: ${view.gives}` : ""}`,
      label: needed && outputs.length <= MOST_LABELS ? called : "",
      color: colorOf(view?.color ?? ""),
      feed: "fed",
    };
  });
}

function feedOf(input: InputView, wired: boolean): Feed {
  if (wired) return "fed";
  // What comes from upstream without a wire is given by the container around: its item, its index.
  if (input.origin === "parameter" || input.origin === "upstream") return "given";
  return input.required ? "missing" : "open";
}

function inputTitle(input: InputView, feed: Feed): string {
  const type = input.takes === "" ? "" : `: ${input.takes}`;
  const from = {
    fed: `← ${input.source}`,
    given: `← ${input.source}`,
    open: "not fed, and need not be",
    missing: "required, and not fed",
  }[feed];
  return `input ${input.name}${type} ${from}`;
}

/** The height at which each wired input is reached, by node: ports in that order cross no lines. */
export function arrivals(
  flow: FlowView,
  from: (source: string, target: string) => number,
): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const { source, target, input } of flow.edges) {
    const at = found.get(target) ?? new Map<string, number>();
    at.set(input, from(source, target));
    found.set(target, at);
  }
  return found;
}
