/** Which runs are shown: as the user says it, as the server is asked, as one run is judged. */
import { type RunRow, STATUSES, type Status, TRIGGERS, type Trigger } from "./run";

export const RANGES = ["any", "hour", "day", "week", "month", "custom"] as const;
export type Range = (typeof RANGES)[number];

export interface Filter {
  readonly status: Status | "";
  readonly trigger: Trigger | "";
  readonly flow: string;
  readonly range: Range;
  /** Local times as an input of a form has them, for the range `custom`; empty is open. */
  readonly since: string;
  readonly until: string;
  /** The beginning of an id, or part of an error. */
  readonly text: string;
  readonly pinned: boolean | null;
}

export const EVERYTHING: Filter = {
  status: "",
  trigger: "",
  flow: "",
  range: "any",
  since: "",
  until: "",
  text: "",
  pinned: null,
};

const HOUR = 3_600_000;
const LENGTH: Readonly<Record<Exclude<Range, "any" | "custom">, number>> = {
  hour: HOUR,
  day: 24 * HOUR,
  week: 7 * 24 * HOUR,
  month: 30 * 24 * HOUR,
};

/** From inclusive, to exclusive, in milliseconds since the epoch; null is open. */
export function bounds(filter: Filter, now: number): [since: number | null, until: number | null] {
  if (filter.range === "any") return [null, null];
  if (filter.range === "custom") return [moment(filter.since), moment(filter.until)];
  return [now - LENGTH[filter.range], null];
}

function moment(local: string): number | null {
  const at = local === "" ? Number.NaN : Date.parse(local);
  return Number.isNaN(at) ? null : at;
}

/** What the server is asked for; nothing that is left open. */
export function asked(filter: Filter, now: number): Record<string, string | boolean> {
  const [since, until] = bounds(filter, now);
  const given: Record<string, string | boolean | null> = {
    flow: filter.flow,
    status: filter.status,
    trigger: filter.trigger,
    since: since === null ? null : new Date(since).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
    text: filter.text.trim(),
    pinned: filter.pinned,
  };
  const said = Object.entries(given).filter(([, value]) => value !== null && value !== "");
  return Object.fromEntries(said) as Record<string, string | boolean>;
}

/** Whether the server would give this run, too. */
export function matches(filter: Filter, run: RunRow, now: number): boolean {
  const { status, trigger, flow, pinned } = filter;
  if (status !== "" && run.status !== status) return false;
  if (trigger !== "" && run.trigger !== trigger) return false;
  if (flow !== "" && run.flow !== flow) return false;
  if (pinned !== null && run.pinned !== pinned) return false;
  const [since, until] = bounds(filter, now);
  const started = Date.parse(run.started_at);
  if (since !== null && started < since) return false;
  if (until !== null && started >= until) return false;
  const text = filter.text.trim().toLowerCase();
  return text === "" || run.id.startsWith(text) || (run.error ?? "").toLowerCase().includes(text);
}

export type Part = "status" | "trigger" | "flow" | "when" | "text" | "pinned";

/** The parts that narrow, in the order in which they are shown. */
export function narrowing(filter: Filter): readonly Part[] {
  const parts: Part[] = [];
  if (filter.status !== "") parts.push("status");
  if (filter.trigger !== "") parts.push("trigger");
  if (filter.flow !== "") parts.push("flow");
  const [since, until] = bounds(filter, 0);
  if (since !== null || until !== null) parts.push("when");
  if (filter.pinned !== null) parts.push("pinned");
  if (filter.text.trim() !== "") parts.push("text");
  return parts;
}

/** The filter without one of its parts. */
export function without(filter: Filter, part: Part): Filter {
  if (part === "when") return { ...filter, range: "any", since: "", until: "" };
  return { ...filter, [part]: EVERYTHING[part] };
}

/** A filter out of anything that was stored or set: what is not understood is left open. */
export function readFilter(given: unknown): Filter {
  const from = (typeof given === "object" && given !== null ? given : {}) as Record<
    string,
    unknown
  >;
  const word = (name: string) => (typeof from[name] === "string" ? (from[name] as string) : "");
  const one = <T extends string>(all: readonly T[], name: string) =>
    all.find((each) => each === from[name]);
  return {
    status: one(STATUSES, "status") ?? "",
    trigger: one(TRIGGERS, "trigger") ?? "",
    flow: word("flow"),
    range: one(RANGES, "range") ?? "any",
    since: word("since"),
    until: word("until"),
    text: word("text"),
    pinned: typeof from.pinned === "boolean" ? from.pinned : null,
  };
}
