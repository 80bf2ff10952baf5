/** A schedule as it is being written: every field as its text, so that nothing typed is lost. */
import type { Words } from "../runs/words";
import type { CatchUp, Overlap, Schedule, Settings } from "./schedule";
import { momentOf, readingOf } from "./zoned";

export const WHENS = ["cron", "every", "at"] as const;
export type When = (typeof WHENS)[number];

export const UNITS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
export type Unit = keyof typeof UNITS;

export interface Draft {
  readonly name: string;
  readonly flow: string;
  readonly when: When;
  readonly cron: string;
  readonly every: string;
  readonly unit: Unit;
  /** Readings of the zone's clock. */
  readonly at: readonly string[];
  readonly timezone: string;
  readonly start: string;
  readonly end: string;
  readonly jitter: string;
  readonly enabled: boolean;
  readonly input: string;
  readonly overlap: Overlap;
  readonly parallel: string;
  readonly catchUp: CatchUp;
  readonly catchUpMost: string;
  readonly grace: string;
  readonly after: readonly string[];
}

/** What a field of a draft is called where the server refuses it. */
export type Field = keyof Settings | "name" | "flow";

export interface Body {
  readonly body: Settings & { readonly flow: string };
  readonly errors: Readonly<Partial<Record<Field, string>>>;
}

export const EXAMPLES: readonly string[] = [
  "0 * * * *",
  "0 9 * * *",
  "0 9 * * 1-5",
  "0 0 1 * *",
  "*/15 * * * *",
];

export function newDraft(flow: string, timezone: string, name = flow): Draft {
  return {
    ...{ name, flow, timezone, when: "cron", cron: "0 9 * * *", every: "1", unit: "hours" },
    ...{ at: [""], start: "", end: "", jitter: "0", enabled: true, input: "{}" },
    ...{ overlap: "skip", parallel: "", catchUp: "latest", catchUpMost: "10", grace: "60" },
    after: [],
  };
}

export function draftOf({ name, flow, settings }: Schedule): Draft {
  const timezone = settings.timezone ?? "UTC";
  const read = (moment: string | null | undefined) => (moment ? readingOf(moment, timezone) : "");
  const fresh = newDraft(flow, timezone, name);
  const { every, unit } = inUnits(settings.every ?? 3_600);
  return {
    ...fresh,
    when: settings.cron ? "cron" : settings.every ? "every" : "at",
    cron: settings.cron ?? fresh.cron,
    ...{ every, unit },
    at: settings.at?.length ? settings.at.map(read) : fresh.at,
    start: read(settings.start),
    end: read(settings.end),
    jitter: String(settings.jitter ?? 0),
    enabled: settings.enabled ?? true,
    input: JSON.stringify(settings.input_data ?? {}, null, 2),
    overlap: settings.overlap ?? fresh.overlap,
    parallel: settings.parallel == null ? "" : String(settings.parallel),
    catchUp: settings.catch_up ?? fresh.catchUp,
    catchUpMost: String(settings.catch_up_most ?? 10),
    grace: String(settings.grace ?? 60),
    after: settings.after ?? [],
  };
}

function inUnits(seconds: number): { every: string; unit: Unit } {
  const units = Object.entries(UNITS).reverse() as [Unit, number][];
  const [unit, size] = units.find(([, size]) => seconds % size === 0) ?? ["seconds", 1];
  return { every: String(seconds / size), unit };
}

/** What the server is sent, and by field what cannot even be sent. */
export function bodyOf(draft: Draft, now: Date, trans: Words): Body {
  const errors: Partial<Record<Field, string>> = {};
  const number = (field: Field, text: string, least: number): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < least)
      errors[field] = trans.__("Write a number from %1 on.", least);
    return value;
  };
  const moment = (field: Field, reading: string): string | null => {
    const found = momentOf(reading, draft.timezone);
    if (found === null) errors[field] = trans.__("This is no time, or there is no such zone.");
    return found;
  };
  const optional = (field: Field, reading: string) =>
    reading === "" ? null : moment(field, reading);
  if (draft.name.trim() === "") errors.name = trans.__("Give it a name.");
  if (draft.flow === "") errors.flow = trans.__("Choose a flow.");
  const start = optional("start", draft.start);
  const body = {
    flow: draft.flow,
    ...whenOf(draft, number, moment),
    timezone: draft.timezone,
    start: draft.when === "every" ? (start ?? wholeMinute(now)) : start,
    end: optional("end", draft.end),
    jitter: number("jitter", draft.jitter, 0),
    enabled: draft.enabled,
    input_data: inputOf(draft.input, errors, trans),
    overlap: draft.overlap,
    parallel:
      draft.overlap !== "parallel" || draft.parallel.trim() === ""
        ? null
        : number("parallel", draft.parallel, 1),
    catch_up: draft.catchUp,
    catch_up_most: draft.catchUp === "all" ? number("catch_up_most", draft.catchUpMost, 1) : 10,
    grace: number("grace", draft.grace, 0),
    after: draft.after,
  };
  return { body, errors };
}

function whenOf(
  draft: Draft,
  number: (field: Field, text: string, least: number) => number,
  moment: (field: Field, reading: string) => string | null,
): Settings {
  if (draft.when === "cron") return { cron: draft.cron.trim() };
  if (draft.when === "every") return { every: number("every", draft.every, 0) * UNITS[draft.unit] };
  const given = draft.at.filter((one) => one !== "").map((one) => moment("at", one));
  return { at: given.filter((one) => one !== null) };
}

/** An interval is counted from somewhere: from now, where nothing else is said. */
function wholeMinute(now: Date): string {
  return new Date(Math.floor(now.getTime() / 60_000) * 60_000).toISOString();
}

function inputOf(
  text: string,
  errors: Partial<Record<Field, string>>,
  trans: Words,
): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(text.trim() || "{}");
    if (typeof data === "object" && data !== null && !Array.isArray(data))
      return data as Record<string, unknown>;
    errors.input_data = trans.__("Write a JSON object: parameters by name.");
  } catch (error) {
    errors.input_data = trans.__("This is no JSON: %1", String(error));
  }
  return {};
}
