/** What a run had used up to a moment, as far as it was measured. */
import type { Event } from "../../protocol/generated";

export interface Used {
  /** Milliseconds of processor, of all attempts. */
  readonly cpu: number | null;
  /** Bytes, of the attempt that took most. */
  readonly memory: number | null;
  readonly estimate: boolean;
  /** Tokens of language models, and what they cost where that is known. */
  readonly tokens: number;
  readonly cost: number;
}

interface Telling {
  seen: number;
  /** Numbers of the events that tell of use. */
  readonly at: number[];
}

const telling = new WeakMap<readonly Event[], Telling>();

/** Few events tell of use: which they are is found out once. */
function tellers(events: readonly Event[]): readonly number[] {
  const known = telling.get(events) ?? { seen: 0, at: [] };
  for (; known.seen < events.length; known.seen++) {
    const event = events[known.seen];
    if (event?.kind === "NODE_USED" || (event && "usage" in event)) known.at.push(known.seen);
  }
  telling.set(events, known);
  return known.at;
}

export function usedOf(events: readonly Event[], count: number): Used {
  let cpu: number | null = null;
  let memory: number | null = null;
  let estimate = false;
  let tokens = 0;
  let cost = 0;
  for (const i of tellers(events)) {
    const event = events[i];
    if (i >= count || event === undefined) break;
    if ("usage" in event)
      for (const one of event.usage ?? []) {
        tokens += one.total_tokens ?? (one.prompt_tokens ?? 0) + (one.completion_tokens ?? 0);
        cost += one.cost ?? 0;
      }
    if (event.kind !== "NODE_USED") continue;
    if (event.cpu_ms != null) cpu = (cpu ?? 0) + event.cpu_ms;
    if (event.memory != null && event.memory > (memory ?? -1)) {
      memory = event.memory;
      estimate = event.is_estimate ?? false;
    }
  }
  return { cpu, memory, estimate, tokens, cost };
}
