/** When something comes, for people. */
import type { Words } from "../runs/words";
import type { Unit, When } from "./draft";
import type { CatchUp, Fire, Overlap } from "./schedule";

const UNITS: ReadonlyArray<[limit: number, unit: Intl.RelativeTimeFormatUnit, ms: number]> = [
  [60, "second", 1000],
  [60, "minute", 60_000],
  [36, "hour", 3_600_000],
  [14, "day", 86_400_000],
  [9, "week", 604_800_000],
  [18, "month", 2_629_800_000],
];

/** `in 3 hours`, `tomorrow`, in the reader's language. */
export function until(iso: string, now: number, language?: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const left = Math.max(0, Date.parse(iso) - now);
  for (const [limit, unit, ms] of UNITS)
    if (left / ms < limit) return format.format(Math.floor(left / ms), unit);
  return format.format(Math.floor(left / 31_557_600_000), "year");
}

/** A moment as the clock of its own zone shows it: `Mon 23 Nov 2026, 09:00`. */
export function reading({ local }: Fire, language?: string): string {
  const shown = new Date(`${local.slice(0, 19)}Z`); // the zone's clock, not the reader's
  return new Intl.DateTimeFormat(language, {
    ...{ weekday: "short", day: "numeric", month: "short", year: "numeric" },
    ...{ hour: "2-digit", minute: "2-digit", timeZone: "UTC", hourCycle: "h23" },
  } as Intl.DateTimeFormatOptions).format(shown);
}

/** A moment where the reader is, to the minute. */
export function shortly(iso: string, language?: string): string {
  return new Date(iso).toLocaleString(language, {
    dateStyle: "medium",
    timeStyle: "short",
  } as Intl.DateTimeFormatOptions);
}

/** `UTC+02:00`. */
export function offset({ local }: Fire): string {
  const found = /([+-]\d\d:\d\d)$/.exec(local);
  return found ? `UTC${found[1]}` : "UTC";
}

export function whenWord(trans: Words, when: When): string {
  switch (when) {
    case "cron":
      return trans.__("By the clock");
    case "every":
      return trans.__("Every so often");
    case "at":
      return trans.__("Once");
  }
}

export function unitWord(trans: Words, unit: Unit): string {
  switch (unit) {
    case "seconds":
      return trans.__("seconds");
    case "minutes":
      return trans.__("minutes");
    case "hours":
      return trans.__("hours");
    case "days":
      return trans.__("days");
  }
}

export function overlapWord(trans: Words, overlap: Overlap): string {
  switch (overlap) {
    case "skip":
      return trans.__("Skip the new one");
    case "queue_one":
      return trans.__("Let one wait");
    case "parallel":
      return trans.__("Run both");
  }
}

export function catchUpWord(trans: Words, catchUp: CatchUp): string {
  switch (catchUp) {
    case "none":
      return trans.__("Leave them out");
    case "latest":
      return trans.__("Run the latest");
    case "all":
      return trans.__("Run all of them");
  }
}
