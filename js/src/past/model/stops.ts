/** Where one may stop in a run: at any event, and where a node begins or is over. */
import type { Event } from "../../protocol/generated";

const BOUNDARIES: ReadonlySet<Event["kind"]> = new Set([
  "NODE_STARTED",
  "NODE_COMPLETED",
  "NODE_FAILED",
  "NODE_REUSED",
  "NODE_SKIPPED",
  "NODE_CANCELLED",
  "NODE_SUSPENDED",
]);

export function isBoundary(event: Event): boolean {
  return BOUNDARIES.has(event.kind);
}

/** How many events there are up to the next boundary, or back to the one before. */
export function boundary(events: readonly Event[], count: number, step: 1 | -1): number {
  for (let next = count + step; next >= 1 && next <= events.length; next += step) {
    const event = events[next - 1];
    if (event !== undefined && isBoundary(event)) return next;
  }
  return step > 0 ? events.length : Math.min(1, events.length);
}

const known = new WeakMap<readonly Event[], Float64Array>();

/** When each event happened, none before the one before it: clocks of two processes may differ. */
export function timesOf(events: readonly Event[]): Float64Array {
  const before = known.get(events);
  if (before !== undefined) return before;
  const times = new Float64Array(events.length);
  let latest = events[0]?.at ?? 0;
  events.forEach(({ at }, i) => {
    latest = Math.max(latest, at);
    times[i] = latest;
  });
  known.set(events, times);
  return times;
}

/** How many events had happened at that time, in seconds since the epoch. */
export function countAt(events: readonly Event[], time: number): number {
  const times = timesOf(events);
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many events there are up to the one with this number; all before it where it is left out. */
export function countOf(events: readonly Event[], seq: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The node an event is about, empty for the run itself. */
export function nodeOf(event: Event): string {
  return "node" in event && typeof event.node === "string" ? event.node : "";
}

export function scopeOf(event: Event): string {
  return "scope" in event && typeof event.scope === "string" ? event.scope : "";
}
