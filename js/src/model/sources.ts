/** Where the values a node works with come from, in the kernel's five words. */
import type { NodeView } from "../protocol/generated";

export interface SourceRow {
  readonly name: string;
  readonly origin: string;
  readonly text: string;
  readonly setting: boolean;
}

const HELP: Readonly<Record<string, string>> = {
  literal: "Written in the node",
  expression: "Worked out when the node runs",
  upstream: "An output of another node",
  secret: "Read from the secrets when the node runs, and never shown",
  parameter: "A value of the run",
  nothing: "Bound to nothing",
};

/** What a word means, for a tooltip. */
export function originHelp(origin: string): string {
  return HELP[origin] ?? origin;
}

/** Inputs, then settings. A kernel that names no origins has no rows. */
export function sourcesOf(node: NodeView): SourceRow[] {
  const inputs = node.inputs
    .filter((one) => one.origin !== "")
    .map((one) => ({
      name: one.name,
      origin: one.origin,
      text: one.source.replace(/^parameter |^nothing$/, ""),
      setting: false,
    }));
  return [...inputs, ...node.settings.map((one) => ({ ...one, setting: true }))];
}
