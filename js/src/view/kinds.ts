/** How a kind of node is drawn: which icon it has, and the tone of that. */

import type { NodeView } from "../protocol/generated";

interface Look {
  readonly icon: string;
  readonly tone: string;
}

const LOOKS: Readonly<Record<string, readonly string[]>> = {
  "code python": ["python"],
  "code shell": ["shell"],
  "query sql": ["sql", "database"],
  "service http": ["http"],
  "service notify": ["notify"],
  "branch router": ["router", "switch"],
  "branch if": ["if"],
  "branch merge": ["merge"],
  "branch each_of": ["each_of"],
  "data filter": ["filter"],
  "data sort": ["sort", "limit", "dedupe"],
  "data columns": ["transform", "map_items", "rename"],
  "data sum": ["aggregate", "summarise", "reduce"],
  "data pivot": ["pivot", "unpivot"],
  "data split": ["split"],
  "data calendar": ["date_maths"],
  "data file": ["read_file", "write_file", "list_files"],
  "state variable": ["set_variable", "get_variable"],
  "state machine": ["state_machine"],
  "flow delay": ["wait_until"],
  "flow note": ["note"],
  "flow check": ["test"],
  "flow log": ["log"],
  "flow end": ["stop"],
};

const BY_KIND: ReadonlyMap<string, Look> = new Map(
  Object.entries(LOOKS).flatMap(([look, kinds]) => {
    const [tone = "", icon = ""] = look.split(" ");
    return kinds.map((kind) => [kind, { icon, tone }] as const);
  }),
);

/** The look of a kind; of `http.v1` that of `http`, of a stranger's a plain one. */
export function lookOf(kind: string): Look {
  const name = kind.split(".")[0] ?? kind;
  return BY_KIND.get(name) ?? { icon: name, tone: "flow" };
}

/** What a note says; null for a node that runs. */
export function noteOf(node: NodeView): string | null {
  if (node.kind !== "note") return null;
  return node.settings.find((one) => one.name === "text")?.text ?? "";
}
