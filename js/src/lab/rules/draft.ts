/** A rule as it is being written: every field as its text, so that nothing typed is lost. */
import type { Trigger } from "../runs/run";
import type { Words } from "../runs/words";
import { UNITS, type Unit } from "../schedules/draft";
import type { Asked, Event, Measure, Rule, Target, When } from "./rule";

/** What units of a limit are in seconds, or in bytes. */
export const LIMITS = {
  cpu: { seconds: 1, minutes: 60, hours: 3_600 },
  memory: { MB: 1e6, GB: 1e9 },
} as const;
export type LimitUnit = keyof (typeof LIMITS)["cpu"] | keyof (typeof LIMITS)["memory"];

export interface TargetDraft {
  readonly channel: string;
  readonly secret: string;
  /** Readers of an e-mail, with commas between them. */
  readonly to: string;
}

export interface Draft {
  readonly name: string;
  /** It was given its name, which no longer follows from the rest. */
  readonly named: boolean;
  readonly flow: string;
  readonly on: Event;
  readonly what: Measure;
  readonly node: string;
  /** Above what is usual, or above a limit. */
  readonly bar: "usual" | "limit";
  readonly limit: string;
  readonly limitUnit: LimitUnit;
  readonly percentile: string;
  readonly over: string;
  readonly least: string;
  readonly to: readonly TargetDraft[];
  readonly quiet: string;
  readonly quietUnit: Unit;
  readonly firstOnly: boolean;
  readonly triggers: readonly Trigger[];
  readonly enabled: boolean;
}

/** What is at fault, by field: by the names and paths of the server. */
export type Faults = Readonly<Record<string, string>>;

export function newTarget(channel = "lab"): TargetDraft {
  return { channel, secret: "", to: "" };
}

export function newDraft(flow: string, name: string): Draft {
  return {
    ...{ name, named: false, flow, on: "failed", what: "memory", node: "", bar: "usual" },
    ...{ limit: "1", limitUnit: "GB", percentile: "95", over: "50", least: "10" },
    ...{ to: [newTarget()], quiet: "0", quietUnit: "minutes", firstOnly: false, triggers: [] },
    enabled: true,
  };
}

export function draftOf(rule: Rule): Draft {
  const { name, flow = "*", when, quiet = 0 } = rule;
  const fresh = newDraft(flow, name);
  const what = when.what ?? fresh.what;
  return {
    ...{ ...fresh, named: true, on: when.on, what, node: when.node ?? "" },
    ...limitOf(when.limit ?? null, what),
    percentile: String(when.percentile ?? 95),
    over: String(when.over ?? 50),
    least: String(when.least ?? 10),
    to: rule.to.map(({ channel, secret = "", to = [] }) => ({
      ...{ channel, secret, to: to.join(", ") },
    })),
    ...quietOf(quiet),
    firstOnly: rule.first_only ?? false,
    triggers: rule.triggers ?? [],
    enabled: rule.enabled_at !== undefined && rule.enabled_at !== null,
  };
}

function limitOf(limit: number | null, what: Measure): Pick<Draft, "bar" | "limit" | "limitUnit"> {
  if (limit === null) {
    const limitUnit = what === "cpu" ? "minutes" : "GB";
    return { bar: "usual", limit: "1", limitUnit };
  }
  const sizes = Object.entries(LIMITS[what]) as [LimitUnit, number][];
  const [unit, size] = largest(sizes, limit);
  return { bar: "limit", limit: String(limit / size), limitUnit: unit };
}

function quietOf(quiet: number): Pick<Draft, "quiet" | "quietUnit"> {
  if (quiet === 0) return { quiet: "0", quietUnit: "minutes" };
  const [quietUnit, size] = largest(Object.entries(UNITS) as [Unit, number][], quiet);
  return { quiet: String(quiet / size), quietUnit };
}

/** The largest of the units that gives a whole number, or else the smallest. */
function largest<Name extends string>(
  sizes: readonly [Name, number][],
  amount: number,
): [Name, number] {
  const found = [...sizes].reverse().find(([, size]) => amount % size === 0) ?? sizes[0];
  return found as [Name, number];
}

export interface Body {
  readonly body: Asked;
  readonly errors: Faults;
}

type Num = (field: string, text: string, least: number, most: number) => number;

/** What the server is sent, and by field what cannot even be sent. */
export function bodyOf(draft: Draft, taken: readonly string[], trans: Words): Body {
  const errors: Record<string, string> = {};
  const number: Num = (field, text, least, most) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < least || value > most)
      errors[field] = trans.__("Write a number from %1 to %2.", least, most);
    return value;
  };
  const name = draft.name.trim();
  if (name === "") errors.name = trans.__("Give it a name.");
  else if (taken.includes(name)) errors.name = trans.__("There is a rule of this name.");
  if (draft.flow.trim() === "") errors.flow = trans.__("Name a flow, or * for every flow.");
  const body = {
    name,
    when: whenOf(draft, number),
    to: draft.to.map(targetOf),
    flow: draft.flow.trim(),
    triggers: draft.triggers,
    quiet: number("quiet", draft.quiet, 0, 366 * 86_400) * UNITS[draft.quietUnit],
    first_only: draft.firstOnly && canSeries(draft.on),
  };
  return { body, errors };
}

/** Only failures come in series of which the first can be told alone. */
export function canSeries(on: Event): boolean {
  return on === "failed" || on === "timed_out";
}

function whenOf(draft: Draft, number: Num): When {
  const { on, what, node, bar, limitUnit } = draft;
  if (on !== "slow" && on !== "resources") return { on };
  const usual = () => ({
    percentile: number("when.percentile", draft.percentile, 0.1, 99.99),
    over: number("when.over", draft.over, 1, 10_000),
    least: number("when.least", draft.least, 1, 10_000),
  });
  if (on === "slow") return { on, ...usual() };
  const of = node.trim() === "" ? {} : { node: node.trim() };
  if (bar === "usual") return { on, what, ...of, ...usual() };
  const sizes: Readonly<Record<string, number>> = LIMITS[what];
  const limit = number("when.limit", draft.limit, 1e-6, 1e9) * (sizes[limitUnit] ?? 1);
  return { on, what, ...of, limit };
}

function targetOf({ channel, secret, to }: TargetDraft): Target {
  if (channel === "lab") return { channel };
  const readers = to
    .split(/[,;\s]+/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
  const named = secret.trim() === "" ? {} : { secret: secret.trim() };
  return { channel, ...named, ...(readers.length === 0 ? {} : { to: readers }) };
}

/** A name that no other has, of letters that a name may have. */
export function freeName(flow: string, on: string, taken: readonly string[]): string {
  const about = flow.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z0-9]+|-+$/g, "");
  const stem = [about.slice(0, 40), on.replace("_", "-")].filter((one) => one !== "").join("-");
  let name = stem;
  for (let n = 2; taken.includes(name); n += 1) name = `${stem}-${n}`;
  return name;
}
