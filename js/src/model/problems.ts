/** What is wrong with the definition, in the order one wants to hear it. */
import type { ProblemView } from "../protocol/generated";
import { ranked } from "./ranking";

export interface ProblemGroup {
  readonly title: string;
  readonly severity: string;
  readonly problems: readonly ProblemView[];
}

const TITLES: readonly (readonly [severity: string, title: string])[] = [
  ["error", "Errors"],
  ["warning", "Warnings"],
];

/** Problems in which `query` is found, errors first; no group is empty. */
export function problemGroups(
  problems: readonly ProblemView[],
  query: string,
): readonly ProblemGroup[] {
  const found = new Set(
    ranked(query, problems, (one) => [
      [one.node ?? "", 0],
      [one.message, 0],
      [one.hint ?? "", 0],
    ]),
  );
  const known = new Set(TITLES.map(([severity]) => severity));
  const titles = [
    ...TITLES,
    ...[...new Set(problems.map((one) => one.severity))]
      .filter((one) => !known.has(one))
      .map((one) => [one, one] as const),
  ];
  return titles
    .map(([severity, title]) => ({
      title,
      severity,
      problems: problems.filter((one) => one.severity === severity && found.has(one)),
    }))
    .filter((group) => group.problems.length > 0);
}

/** How many there are, in words: `2 problems, 1 error`; `no problems`. */
export function problemsSpoken(problems: readonly ProblemView[]): string {
  const wrong = problems.filter((one) => one.severity === "error").length;
  const all = problems.length;
  if (all === 0) return "no problems";
  const words = `${all} ${all === 1 ? "problem" : "problems"}`;
  return wrong === 0 ? words : `${words}, ${wrong} ${wrong === 1 ? "error" : "errors"}`;
}
