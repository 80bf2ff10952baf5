/** What comes of a wire that is let go of somewhere. Pure. */
import type { EdgeView, EditMessage, NodeView, PortRef, Target } from "../protocol/generated";

/** What is below the pointer: an input, or a node somewhere else than at its ports. */
export interface Over {
  readonly node: string;
  /** null: not at an input. */
  readonly input: string | null;
}

export interface Landing {
  /** null: nobody knows yet. */
  readonly ok: boolean | null;
  /** Said at the pointer: what would come of it, or why it cannot be. */
  readonly hint: string;
  readonly target: Target | null;
}

const NOWHERE: Landing = { ok: null, hint: "", target: null };

/** Where a wire from an output would end; of a node's body, at the first input that fits. */
export function landing(
  targets: readonly Target[] | null,
  over: Over | null,
  from: PortRef,
): Landing {
  if (over === null || targets === null) return NOWHERE;
  const there = targets.filter((one) => one.node === over.node);
  if (over.node === from.node && there.length === 0)
    return { ok: false, hint: "A node cannot feed itself", target: null };
  const target =
    over.input === null ? fitting(there) : (there.find((one) => one.input === over.input) ?? null);
  if (target === null) return { ok: false, hint: `${over.node} takes no input`, target: null };
  if (target.refused !== "") return { ok: false, hint: target.refused, target };
  const into = target.input === "" ? `a new input of ${target.node}` : portName(target);
  const instead = target.replaces === "" ? "" : `, instead of ${target.replaces}`;
  return { ok: true, hint: `${from.node}.${from.port} to ${into}${instead}`, target };
}

/** The first input that is free, else a new one, else the first that may be had at all. */
export function fitting(there: readonly Target[]): Target | null {
  const may = there.filter((one) => one.refused === "");
  return (
    may.find((one) => one.input !== "" && one.replaces === "") ??
    may.find((one) => one.input === "") ??
    may[0] ??
    there[0] ??
    null
  );
}

export function portName({ node, input }: Pick<Target, "node" | "input">): string {
  return input === "" ? `${node} (new input)` : `${node}.${input}`;
}

/** The wire as an edit; one that is moved lets go of its old end in the same step. */
export function wired(
  from: PortRef,
  to: Pick<Target, "node" | "input">,
  node: NodeView | undefined,
  moved: EdgeView | null,
): EditMessage {
  const input = to.input === "" ? freeName(from.port, node) : to.input;
  const connect: EditMessage = {
    type: "CONNECT",
    source: from.node,
    output: from.port,
    target: to.node,
    input,
  };
  if (moved === null || (moved.target === to.node && moved.input === input)) return connect;
  const { target, input: old } = moved;
  return {
    type: "SEVERAL",
    edits: [{ type: "DISCONNECT", target, input: old }, connect],
    name: `Move the wire of ${target}.${old} to ${to.node}.${input}`,
  };
}

/** A new input is called like what feeds it. */
function freeName(port: string, node: NodeView | undefined): string {
  const taken = new Set(node?.inputs.map((one) => one.name));
  let name = port;
  for (let i = 2; taken.has(name); i++) name = `${port}_${i}`;
  return name;
}
