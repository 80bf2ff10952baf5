/** Times and what runs are called, for people. */
import type { Part, Range } from "./filter";
import { going, type RunRow, type Status, type Trigger } from "./run";

/** What of a translation bundle is used here. */
export interface Words {
  __(text: string, ...args: unknown[]): string;
  _n(one: string, many: string, count: number, ...args: unknown[]): string;
}

/** `0.2 s`, `45 s`, `3 min 5 s`, `2 h 7 min`, `3 d 4 h`. */
export function took(ms: number): string {
  if (ms < 995) return ms < 1 ? "0 s" : `${Math.max(0.01, Math.round(ms / 10) / 100)} s`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, "min", seconds % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, "h", minutes % 60, "min");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(many: number, unit: string, rest: number, smaller: string): string {
  return rest === 0 ? `${many} ${unit}` : `${many} ${unit} ${rest} ${smaller}`;
}

/** How long a run took, or has been going on by now. */
export function duration(run: RunRow, now: number): string {
  if (run.duration_ms !== null) return took(run.duration_ms);
  if (run.ended_at !== null) return took(Date.parse(run.ended_at) - Date.parse(run.started_at));
  // To the second: tenths that tick are noise.
  return took(Math.max(0, Math.floor((now - Date.parse(run.started_at)) / 1000)) * 1000);
}

const UNITS: ReadonlyArray<[limit: number, unit: Intl.RelativeTimeFormatUnit, ms: number]> = [
  [60, "second", 1000],
  [60, "minute", 60_000],
  [24, "hour", 3_600_000],
  [7, "day", 86_400_000],
  [5, "week", 604_800_000],
  [12, "month", 2_629_800_000],
];

/** `12 sec. ago`, `2 hr. ago`, `yesterday`, in the reader's language. */
export function ago(iso: string, now: number, language?: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const past = Math.max(0, now - Date.parse(iso));
  for (const [limit, unit, ms] of UNITS)
    if (past / ms < limit) return format.format(-Math.floor(past / ms), unit);
  return format.format(-Math.floor(past / 31_557_600_000), "year");
}

/** The exact time where the reader is. */
export function exact(iso: string, language?: string): string {
  return new Date(iso).toLocaleString(language, {
    dateStyle: "medium",
    timeStyle: "medium",
  } as Intl.DateTimeFormatOptions);
}

/** How a run stands; one that is paused says so while it could go on. */
export function standing(trans: Words, run: RunRow): string {
  return run.paused && going(run) ? trans.__("Paused") : statusWord(trans, run.status);
}

export function statusWord(trans: Words, status: Status): string {
  switch (status) {
    case "running":
      return trans.__("Running");
    case "suspended":
      return trans.__("Waiting");
    case "queued":
      return trans.__("Queued");
    case "succeeded":
      return trans.__("Succeeded");
    case "failed":
      return trans.__("Failed");
    case "cancelled":
      return trans.__("Cancelled");
  }
}

export function triggerWord(trans: Words, trigger: Trigger): string {
  switch (trigger) {
    case "manual":
      return trans.__("Manual");
    case "cell":
      return trans.__("Cell");
    case "canvas":
      return trans.__("Canvas");
    case "cli":
      return trans.__("Command line");
    case "papermill":
      return trans.__("Papermill");
    case "cron":
      return trans.__("Schedule");
    case "webhook":
      return trans.__("Webhook");
    case "subflow":
      return trans.__("Sub-flow");
    case "event":
      return trans.__("Event");
    case "eval":
      return trans.__("Evaluation");
    case "test":
      return trans.__("Test");
  }
}

export function rangeWord(trans: Words, range: Range): string {
  switch (range) {
    case "any":
      return trans.__("Any time");
    case "hour":
      return trans.__("Last hour");
    case "day":
      return trans.__("Last 24 hours");
    case "week":
      return trans.__("Last 7 days");
    case "month":
      return trans.__("Last 30 days");
    case "custom":
      return trans.__("From … until");
  }
}

export function partWord(trans: Words, part: Part): string {
  switch (part) {
    case "status":
      return trans.__("Status");
    case "trigger":
      return trans.__("Trigger");
    case "flow":
      return trans.__("Flow");
    case "when":
      return trans.__("Started");
    case "text":
      return trans.__("Text");
    case "pinned":
      return trans.__("Pinned");
  }
}

/** The one line that says what a run is about beyond its status; empty when there is nothing. */
export function detail(trans: Words, run: RunRow): string {
  if (run.error) return run.error;
  if (run.waiting_for) return trans.__("Waits for %1", run.waiting_for);
  if (run.current) {
    return run.status === "suspended"
      ? trans.__("Waits at %1", run.current)
      : trans.__("At %1", run.current);
  }
  return "";
}
