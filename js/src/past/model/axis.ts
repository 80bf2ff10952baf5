/**
 * The line under the canvas that stands for the whole run: by time, or with every event as wide as
 * any other, where a run waited for days and then ran for a second.
 */
import type { Event } from "../../protocol/generated";
import { countAt, timesOf } from "./stops";

export type Scale = "time" | "events";

export interface Axis {
  readonly scale: Scale;
  /** Seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly events: readonly Event[];
}

export function axisOf(events: readonly Event[], scale: Scale): Axis {
  const from = events[0]?.at ?? 0;
  return { scale, from, to: timesOf(events).at(-1) ?? from, events };
}

/** Where the moment after `count` events is, from 0 to 1. */
export function placeOf(axis: Axis, count: number): number {
  const { scale, from, to, events } = axis;
  if (events.length < 2) return 0;
  if (scale === "events" || to === from) return Math.max(0, count - 1) / (events.length - 1);
  return timePlace(axis, timesOf(events)[Math.max(0, count - 1)] ?? from);
}

/** Where a time is, from 0 to 1. */
export function timePlace({ from, to }: Axis, at: number): number {
  return to === from ? 0 : Math.min(1, Math.max(0, (at - from) / (to - from)));
}

/** How many events there were at a place of the line; at least one. */
export function countHere(axis: Axis, place: number): number {
  const { scale, from, to, events } = axis;
  const within = Math.min(1, Math.max(0, place));
  if (scale === "events" || to === from) return 1 + Math.round(within * (events.length - 1));
  // Half a thousandth of the line: a finger does not point at a millisecond.
  return Math.max(1, countAt(events, from + within * (to - from) + (to - from) / 2000));
}

/** How many events fall into each of so many equal parts, 1 being the fullest. */
export function density(axis: Axis, parts: number): readonly number[] {
  const found = new Array<number>(parts).fill(0);
  axis.events.forEach((_, i) => {
    const part = Math.min(parts - 1, Math.floor(placeOf(axis, i + 1) * parts));
    found[part] = (found[part] ?? 0) + 1;
  });
  const most = Math.max(1, ...found);
  return found.map((one) => one / most);
}

export interface Mark {
  readonly place: number;
  readonly kind: "failed" | "retried" | "waited" | "checkpoint";
  readonly count: number;
}

const MARKED: Readonly<Partial<Record<Event["kind"], Mark["kind"]>>> = {
  NODE_FAILED: "failed",
  NODE_RETRY_SCHEDULED: "retried",
  NODE_SUSPENDED: "waited",
  CHECKPOINT_REACHED: "checkpoint",
};

/** What stands out; of those that would be drawn at one place, the worst. */
export function marksOf(axis: Axis, parts: number): readonly Mark[] {
  const rank: readonly Mark["kind"][] = ["checkpoint", "waited", "retried", "failed"];
  const found = new Map<number, Mark>();
  axis.events.forEach((event, i) => {
    const kind = MARKED[event.kind];
    if (kind === undefined) return;
    const place = placeOf(axis, i + 1);
    const part = Math.floor(place * parts);
    const before = found.get(part);
    if (before === undefined || rank.indexOf(before.kind) < rank.indexOf(kind))
      found.set(part, { place, kind, count: i + 1 });
  });
  return [...found.values()];
}

const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
  1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800,
];

export interface Tick {
  readonly place: number;
  readonly label: string;
}

/** Round times since the beginning, so many that they can be read. */
export function ticksOf({ scale, from, to, events }: Axis, most: number): readonly Tick[] {
  if (scale === "events") {
    const n = events.length - 1;
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000];
    const every = step.find((one) => n / one <= most) ?? n;
    return Array.from({ length: Math.floor(n / Math.max(1, every)) + 1 }, (_, i) => ({
      place: n === 0 ? 0 : (i * every) / n,
      label: `#${i * every + 1}`,
    }));
  }
  const span = to - from;
  if (span <= 0) return [];
  const every = STEPS.find((one) => span / one <= most) ?? span / most;
  return Array.from({ length: Math.floor(span / every) + 1 }, (_, i) => ({
    place: (i * every) / span,
    label: sinceLabel(i * every, every),
  }));
}

/** Seconds since the beginning: `0`, `0.25 s`, `1:30`, `2:05:00`, `3 d 4 h`. */
export function sinceLabel(seconds: number, step = 0.001): string {
  if (seconds === 0) return "0";
  if (seconds < 60) {
    const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
    return `${seconds.toFixed(digits)} s`;
  }
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [86400, 3600, 60].map((one) => Math.floor(whole / one)) as [
    number,
    number,
    number,
  ];
  const two = (one: number) => String(one).padStart(2, "0");
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours}:${two(minutes % 60)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}
