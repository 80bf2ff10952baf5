/** Rules of notification as the server tells them. Times are ISO 8601, but for those in seconds. */
import type { Trigger } from "../runs/run";

export const EVENTS = ["failed", "timed_out", "slow", "resources", "missed", "recovered"] as const;
export type Event = (typeof EVENTS)[number];

export type Measure = "cpu" | "memory";

/** What a rule asks for; what is left out is as the server has it by default. */
export interface When {
  readonly on: Event;
  readonly percentile?: number;
  readonly over?: number;
  readonly least?: number;
  readonly what?: Measure;
  readonly node?: string | null;
  /** Seconds of CPU time, or bytes. */
  readonly limit?: number | null;
}

/** A channel, and the name of the secret that has its address: the address itself is never told. */
export interface Target {
  readonly channel: string;
  readonly secret?: string;
  readonly to?: readonly string[];
}

export interface Asked {
  readonly name: string;
  readonly when: When;
  readonly to: readonly Target[];
  readonly flow?: string;
  readonly triggers?: readonly Trigger[];
  /** Seconds. */
  readonly quiet?: number;
  readonly first_only?: boolean;
}

export interface Rule extends Asked {
  /** Seconds since the epoch; absent while it is off. */
  readonly enabled_at?: number | null;
}

export function enabled({ enabled_at }: Rule): boolean {
  return enabled_at !== undefined && enabled_at !== null;
}

/** A rule as it is asked for: without when it was switched on. */
export function askedOf({ enabled_at: _, ...asked }: Rule): Asked {
  return asked;
}

/** What the server says of a rule that is not saved. */
export interface Checked {
  readonly valid: boolean;
  readonly words: string;
  readonly warnings: readonly string[];
  readonly refused: {
    readonly message: string;
    readonly hint: string | null;
    readonly field: string | null;
  } | null;
}

/** What it would have told. */
export interface Tried {
  readonly days: number;
  readonly fired: number;
  readonly notices: readonly Notice[];
}

export interface Notice {
  readonly id: string;
  readonly flow: string;
  readonly run?: string | null;
  /** Seconds since the epoch. */
  readonly happened_at: number;
  readonly error?: string;
  readonly message?: string;
}

/** By channel: `sent`, or what is in the way. */
export type Said = Readonly<Record<string, string>>;

export interface Choices {
  readonly channels: readonly string[];
  readonly secrets: readonly string[];
}

export interface Delivery {
  readonly id: string;
  readonly flow: string;
  readonly run_id: string | null;
  readonly channel: string;
  readonly status: "waiting" | "sent" | "failed";
  readonly attempts: number;
  readonly last_error: string | null;
  readonly next_at: string | null;
  readonly message: string;
  readonly written_at: string;
}

/** Whether a rule is about a flow: what it names is one, or a pattern as shells have them. */
export function isAbout({ flow: pattern = "*" }: Pick<Rule, "flow">, flow: string): boolean {
  const source = pattern.replace(/\[!?\]?[^\]]*\]|[\\^$+.(){}|[\]*?]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length > 1) return part.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    return `\\${part}`;
  });
  try {
    return new RegExp(`^${source}$`, "s").test(flow);
  } catch {
    return pattern === flow;
  }
}

/** The pattern that means this flow alone. */
export function patternOf(flow: string): string {
  return flow.replace(/[[*?]/g, "[$&]");
}
