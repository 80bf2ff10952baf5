/** Which events the list shows. */
import type { Event } from "../../protocol/generated";
import { nodeOf, scopeOf } from "./stops";
import { type Family, familyOf, told } from "./telling";

export interface Sieve {
  /** Families that are left out. */
  readonly without: ReadonlySet<Family>;
  /** Only events of these nodes, and of what is in them; null: of all. */
  readonly nodes: ReadonlySet<string> | null;
  /** Only those that say this. */
  readonly text: string;
}

export const ALL: Sieve = { without: new Set(), nodes: null, text: "" };

/** Numbers of the events that are shown, from 0 in the order of the run. */
export function sifted(events: readonly Event[], sieve: Sieve): readonly number[] {
  const text = sieve.text.trim().toLowerCase();
  const found: number[] = [];
  events.forEach((event, i) => {
    if (sieve.without.has(familyOf(event))) return;
    if (sieve.nodes !== null && !isOf(event, sieve.nodes)) return;
    if (text !== "" && !says(event, text)) return;
    found.push(i);
  });
  return found;
}

function isOf(event: Event, nodes: ReadonlySet<string>): boolean {
  if (nodes.has(nodeOf(event))) return true;
  const scope = scopeOf(event);
  return scope !== "" && scope.split(".").some((one) => nodes.has(one.replace(/\[\d+\]$/, "")));
}

function says(event: Event, text: string): boolean {
  return `${nodeOf(event)} ${told(event)} ${event.kind}`.toLowerCase().includes(text);
}

/** Where the latest shown event up to the moment is in the list; -1 when all are later. */
export function rowOf(shown: readonly number[], count: number): number {
  let low = 0;
  let high = shown.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shown[middle] ?? 0) < count) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
