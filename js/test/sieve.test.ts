import { expect, test } from "vitest";
import { problemGroups, problemsSpoken } from "../src/model/problems";
import { chipLabel, chipsOf, standOut } from "../src/model/sieve";
import { INITIAL, reduce } from "../src/model/state";
import type { KindView, ProblemView } from "../src/protocol/generated";
import { completed, created, flow, RUN, snapshot, started } from "./flows";

const FAMILIES = { http: "Services", router: "Branches", python: "Code" };
const kinds: readonly KindView[] = Object.entries(FAMILIES).map(([kind, family]) => ({
  ...{ kind, family, title: kind, summary: "", body: "", contains: false, missing: "", words: [] },
}));

const error = { type: "E", message: "m", hint: null };
const state = reduce(
  { ...INITIAL },
  snapshot(1, [
    created(),
    started("fetch", 1),
    completed("fetch", 2, ["rows"]),
    started("season", 3),
    { kind: "NODE_FAILED", run: RUN, seq: 4, at: 101, node: "season", attempt: 1, ms: 1, error },
  ]),
  102,
);
const names = (found: ReadonlySet<string> | null) => (found === null ? null : [...found]);
const out = (chips: readonly string[], hits: readonly string[] | null = null) =>
  names(standOut(state, new Set(chips), hits === null ? null : new Set(hits), kinds));

test("without a chip what was found stands out, or all", () => {
  expect(out([])).toBeNull();
  expect(out([], ["ice"])).toEqual(["ice"]);
});

test("chips of one sort add to each other, of two sorts they narrow", () => {
  expect(out(["kind:http"])).toEqual(["fetch"]);
  expect(out(["kind:http", "family:Code"])).toEqual(["fetch", "ice"]);
  expect(out(["status:failed"])).toEqual(["season"]);
  expect(out(["status:failed", "family:Code"])).toEqual([]);
  expect(out(["status:failed", "status:not-run"])).toContain("season");
});

test("a filter narrows what was found", () => {
  expect(out(["family:Code"], ["fetch", "ice"])).toEqual(["ice"]);
});

test("stale nodes and nodes with problems can be filtered by", () => {
  const problem: ProblemView = {
    ...{ severity: "error", message: "m", node: "ice", cell: null, line: null, hint: null },
  };
  const marked = { ...state, flow: { ...flow, stale: ["fetch"], problems: [problem] } };
  expect(names(standOut(marked, new Set(["status:stale"]), null, kinds))).toEqual(["fetch"]);
  expect(names(standOut(marked, new Set(["status:problems"]), null, kinds))).toEqual(["ice"]);
});

test("there is a chip for each family, and for kinds only where a family has several", () => {
  const chips = chipsOf(state, kinds);
  expect(chips.families.map((one) => [one.label, one.count])).toEqual([
    ["Services", 1],
    ["Branches", 1],
    ["Code", 1],
  ]);
  expect(chips.kinds).toEqual([]);
  expect(chipsOf(state, []).kinds).toHaveLength(3);
  expect(chips.statuses.find((one) => one.key === "status:failed")?.count).toBe(1);
  expect(chipLabel("status:problems", kinds)).toBe("With problems");
});

function problem(severity: string, message: string, node: string | null = null): ProblemView {
  return { severity, message, node, cell: null, line: null, hint: null };
}

test("errors come before warnings, and a filter leaves out what does not fit", () => {
  const all = [problem("warning", "slow", "b"), problem("error", "unknown name", "a")];
  const groups = problemGroups(all, "");
  expect(groups.map((one) => one.title)).toEqual(["Errors", "Warnings"]);
  expect(problemGroups(all, "slow").map((one) => one.title)).toEqual(["Warnings"]);
  expect(problemGroups(all, "a").flatMap((one) => one.problems)).toHaveLength(1);
  expect(problemGroups([], "")).toEqual([]);
});

test("a severity that is not known is not lost", () => {
  expect(problemGroups([problem("hint", "m")], "")[0]?.problems).toHaveLength(1);
});

test("their number is said in words", () => {
  expect(problemsSpoken([])).toBe("no problems");
  expect(problemsSpoken([problem("warning", "m")])).toBe("1 problem");
  expect(problemsSpoken([problem("error", "m"), problem("error", "n")])).toBe(
    "2 problems, 2 errors",
  );
});
