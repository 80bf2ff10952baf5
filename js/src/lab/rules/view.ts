/** What the panel shows: the rules, and the one that is being written. */
import { PageError } from "../../protocol/runPage";
import type { FlowChoice, Trouble } from "../schedules/schedule";
import type { Editing } from "./editing";
import { type Choices, type Delivery, enabled, isAbout, type Rule } from "./rule";

export interface View {
  readonly phase: "loading" | "ready" | "failed";
  readonly failure: Trouble | null;
  readonly rules: readonly Rule[];
  /** Only those that are about this flow are listed; null: all. */
  readonly flow: string | null;
  readonly flows: readonly FlowChoice[];
  readonly choices: Choices;
  readonly editing: Editing | null;
  /** Who was told by rules that are looked at closely, the latest first. */
  readonly deliveries: ReadonlyMap<string, readonly Delivery[]>;
  /** The ids of deliveries that are being sent again. */
  readonly again: ReadonlySet<string>;
  /** Why deliveries are not sent again, by their ids. */
  readonly refusals: ReadonlyMap<string, Trouble>;
  readonly troubles: ReadonlyMap<string, Trouble>;
  /** What was done last, for who cannot see it. */
  readonly said: string;
}

const NO_CHOICES: Choices = {
  channels: ["lab", "webhook", "slack", "discord", "email"],
  secrets: [],
};

export const NOTHING: View = {
  ...{ phase: "loading", failure: null, rules: [], flow: null, flows: [], choices: NO_CHOICES },
  ...{ editing: null, deliveries: new Map(), again: new Set(), refusals: new Map() },
  ...{ troubles: new Map(), said: "" },
};

/** What the rest of JupyterLab is told. */
export interface Around {
  /** A rule is on that may tell JupyterLab. */
  readonly awake: () => void;
  /** A word as a rule says it in JupyterLab. */
  readonly note: (text: string) => void;
}

/** The rules that are listed. */
export function listed({ rules, flow }: Pick<View, "rules" | "flow">): readonly Rule[] {
  return flow === null ? rules : rules.filter((one) => isAbout(one, flow));
}

/** Those that are on. */
export function watching(rules: readonly Rule[]): number {
  return rules.filter(enabled).length;
}

export function namesOf({ rules }: Pick<View, "rules">): readonly string[] {
  return rules.map(({ name }) => name);
}

/** What was refused, in words. */
export function troubleOf(thrown: unknown): Trouble {
  if (thrown instanceof PageError) return { message: thrown.message, hint: thrown.hint };
  return { message: String(thrown), hint: "" };
}
