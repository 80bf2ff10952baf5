/** Versions in words, and the text of a node before and after. */
import type { NodeDiff, VersionView } from "../protocol/generated";

export function title(one: VersionView): string {
  return `Version ${one.number}`;
}

/** What stands below: when, how often it ran, what it is. */
export function facts(one: VersionView, now: number): string {
  const runs = one.runs === 0 ? "never run" : one.runs === 1 ? "1 run" : `${one.runs} runs`;
  return [`first used ${ago(now - one.at)}`, runs, one.version.slice(0, 8)].join(" · ");
}

export function ago(seconds: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
  ];
  for (const [length, word] of steps) {
    const count = Math.floor(seconds / length);
    if (count > 0) return `${count} ${word}${count === 1 ? "" : "s"} ago`;
  }
  return "just now";
}

/** How many lines are new, and how many are gone. */
export function counted(lines: NodeDiff["lines"]): {
  readonly more: number;
  readonly less: number;
} {
  return {
    more: lines.filter(([mark]) => mark === "+").length,
    less: lines.filter(([mark]) => mark === "-").length,
  };
}

/** Those that differ, in the order in which the drawing has them. */
export function differing(nodes: readonly NodeDiff[]): readonly NodeDiff[] {
  return nodes.filter((one) => one.mark !== "same");
}
