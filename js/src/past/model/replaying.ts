/** What a replay is asked to be, and what would come of it. */

import { parseField } from "../../model/params";
import type { ParamView, TableChange } from "../../protocol/generated";

/** From where: everything, these nodes, a moment, what failed, or only what a change is for. */
export type Begin =
  | { readonly from: "start" }
  | { readonly from: "nodes"; readonly nodes: readonly string[] }
  | { readonly from: "moment"; readonly seq: number }
  | { readonly from: "failed" }
  | { readonly from: "changes" };

export interface Wanted {
  readonly begin: Begin;
  /** Those that are other than the run's. */
  readonly params: Changed["params"];
  /** The definition that the run had; else the one that the notebook has now. */
  readonly asRun: boolean;
  readonly tables: readonly TableChange[];
}

export interface Plan {
  readonly origin: string;
  readonly version: string;
  readonly nodes: ReadonlyArray<{
    readonly node: string;
    readonly fate: "taken" | "given" | "runs" | "skipped";
    readonly why: string;
    readonly changes: readonly string[];
    readonly items: number;
  }>;
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

/** The value of a parameter of the run, as a field shows it. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export interface Changed {
  /** Other values than the run had. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly errors: Readonly<Record<string, string>>;
}

/** The parameters that are to be others. */
export function changedParams(
  params: readonly ParamView[],
  had: Readonly<Record<string, unknown>>,
  texts: Readonly<Record<string, string>>,
): Changed {
  const found: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const param of params) {
    const text = texts[param.name];
    if (text === undefined || text === shown(had[param.name])) continue;
    const parsed = parseField(param, text);
    if (!parsed.ok) errors[param.name] = parsed.message;
    else if ("value" in parsed) found[param.name] = parsed.value;
  }
  return { params: found, errors };
}

/** The body of the question; what is as in the run is left out. */
export function bodyOf({ begin, params, asRun, tables }: Wanted): object {
  return {
    ...(begin.from === "nodes" ? { from: begin.nodes } : {}),
    ...(begin.from === "moment" ? { at: begin.seq } : {}),
    ...(begin.from === "failed" ? { failed: true } : {}),
    ...(Object.keys(params).length > 0 ? { params } : {}),
    ...(tables.length > 0 ? { tables } : {}),
    ...(asRun ? { version: "as_run" } : {}),
  };
}

/** In a line: `2 taken, 3 run, 1 given by hand`. */
export function planSummary({ nodes }: Plan): string {
  const count = (fate: string) => nodes.filter((one) => one.fate === fate).length;
  return (
    [
      ["taken", "taken"],
      ["runs", "to run"],
      ["given", "given by hand"],
      ["skipped", "not taken"],
    ] as const
  )
    .map(([fate, word]) => [count(fate), word] as const)
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${n} ${word}`)
    .join(", ");
}
