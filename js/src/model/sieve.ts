/** Which nodes stand out: those of some families and kinds, and those that stand in some way. */
import type { FlowView, KindView, NodeView } from "../protocol/generated";
import { familyTitle } from "./kinds";
import { isBusy, standingOf } from "./selectors";
import type { CanvasState } from "./state";

/** One thing to filter by, as `family:Data`, `kind:http` or `status:failed`. */
export interface Chip {
  readonly key: string;
  readonly label: string;
  /** So many nodes of the flow are of it. */
  readonly count: number;
}

export interface Chips {
  readonly families: readonly Chip[];
  readonly kinds: readonly Chip[];
  readonly statuses: readonly Chip[];
}

type Test = (node: NodeView) => boolean;

const STATUSES: Readonly<Record<string, string>> = {
  failed: "Failed",
  running: "Running",
  "not-run": "Not run",
  stale: "Stale",
  problems: "With problems",
};

/** What there is to filter the flow by; kinds of a family that has no other are left to it. */
export function chipsOf(state: CanvasState, kinds: readonly KindView[]): Chips {
  const nodes = state.flow?.nodes ?? [];
  const known = new Map(kinds.map((one) => [one.kind, one]));
  const families = counted(nodes.map((one) => known.get(one.kind)?.family ?? "Other"));
  const own = counted(nodes.map((one) => one.kind));
  const familyOf = (kind: string) => known.get(kind)?.family ?? "Other";
  const many = counted([...own.keys()].map(familyOf));
  return {
    families: [...families].map(([family, count]) => ({
      key: `family:${family}`,
      label: familyTitle(family),
      count,
    })),
    kinds: [...own]
      .filter(([kind]) => (many.get(familyOf(kind)) ?? 0) > 1)
      .map(([kind, count]) => ({
        key: `kind:${kind}`,
        label: known.get(kind)?.title ?? kind,
        count,
      })),
    statuses: Object.entries(STATUSES).map(([status, label]) => {
      const fits = standsAs(status, state);
      return { key: `status:${status}`, label, count: nodes.filter(fits).length };
    }),
  };
}

/** What a pressed chip is called. */
export function chipLabel(key: string, kinds: readonly KindView[]): string {
  const [what, name = ""] = key.split(":");
  if (what === "status") return STATUSES[name] ?? name;
  return what === "kind"
    ? (kinds.find((one) => one.kind === name)?.title ?? name)
    : familyTitle(name);
}

/**
 * The nodes that stand out, null for all: those that were found and pass the pressed chips. Of
 * families and kinds one has to fit, and of statuses one.
 */
export function standOut(
  state: CanvasState,
  pressed: ReadonlySet<string>,
  hits: ReadonlySet<string> | null,
  kinds: readonly KindView[],
): ReadonlySet<string> | null {
  if (pressed.size === 0) return hits;
  const family = new Map(kinds.map((one) => [one.kind, one.family]));
  const keys = [...pressed];
  const statuses = keys.filter((key) => key.startsWith("status:"));
  const tests = statuses.map((key) => standsAs(key.slice("status:".length), state));
  const passes = (node: NodeView) =>
    (hits === null || hits.has(node.name)) &&
    (statuses.length === keys.length ||
      pressed.has(`kind:${node.kind}`) ||
      pressed.has(`family:${family.get(node.kind) ?? "Other"}`)) &&
    (tests.length === 0 || tests.some((test) => test(node)));
  const nodes = state.flow?.nodes ?? [];
  return new Set(nodes.filter(passes).map((one) => one.name));
}

function standsAs(status: string, state: CanvasState): Test {
  const { flow } = state;
  if (status === "stale") return among(flow?.stale ?? []);
  if (status === "problems") return among(troubled(flow));
  if (status === "failed") return (node) => failed(state, node);
  const standing = (node: NodeView) => standingOf(state, node.name);
  if (status === "running") return (node) => isBusy(standing(node));
  return (node) => standing(node) === "idle";
}

/** It failed, or inside of a container some of its turns did. */
function failed(state: CanvasState, node: NodeView): boolean {
  const one = state.run?.nodes[node.name];
  return standingOf(state, node.name) === "failed" || (one?.counts?.failed ?? 0) > 0;
}

function among(names: readonly string[]): Test {
  const some = new Set(names);
  return (node) => some.has(node.name);
}

function troubled(flow: FlowView | null): string[] {
  return flow?.problems.flatMap((one) => one.node ?? []) ?? [];
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
}
