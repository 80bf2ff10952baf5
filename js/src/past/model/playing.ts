/** Playing a run as it happened, faster or slower; where nothing happened for long, that is cut short. */
import type { Event } from "../../protocol/generated";
import type { Scale } from "./axis";
import { countAt, timesOf } from "./stops";

export const SPEEDS = [1, 4, 16] as const;
export type Speed = (typeof SPEEDS)[number];

/** Nobody looks at a still picture for longer than this, in seconds of who looks. */
const LONGEST = 1;
/** Where every event is as wide as any other, so many are played in a second. */
const EVENTS_A_SECOND = 8;

export interface Playing {
  /** Seconds since the epoch, of the run; or events, with a fraction of the next. */
  readonly clock: number;
  readonly count: number;
}

export function playingFrom(events: readonly Event[], count: number, scale: Scale): Playing {
  const clock = scale === "events" ? count : (timesOf(events)[Math.max(0, count - 1)] ?? 0);
  return { clock, count };
}

/** Where one is `seconds` later. */
export function played(
  events: readonly Event[],
  { clock, count }: Playing,
  seconds: number,
  speed: Speed,
  scale: Scale,
): Playing {
  if (scale === "events") {
    const next = Math.min(events.length, clock + seconds * speed * EVENTS_A_SECOND);
    return { clock: next, count: Math.floor(next) };
  }
  const coming = timesOf(events)[count];
  if (coming === undefined) return { clock, count };
  const from = Math.max(clock, coming - LONGEST * speed);
  const next = from + seconds * speed;
  return { clock: next, count: Math.max(count, countAt(events, next)) };
}
