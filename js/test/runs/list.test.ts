import { describe, expect, test } from "vitest";
import { canAskMore, type List, NOTHING, step } from "../../src/lab/runs/list";
import { newestFirst, type RunRow } from "../../src/lab/runs/run";
import { dice, pageOf, run } from "./fake";

const any = () => true;

function told(list: List, runs: readonly RunRow[], gone: readonly string[] = [], hold = false) {
  return step(list, { type: "told", runs, gone, hold, matches: any });
}

function loaded(runs: readonly RunRow[], limit = 20): List {
  const list = step(NOTHING, { type: "asked", keep: false });
  return step(list, { type: "page", generation: 1, page: pageOf(runs, limit, null) });
}

const ids = (rows: readonly RunRow[]) => rows.map(({ id }) => id);

describe("the list of runs", () => {
  test("begins with a page and goes on behind its last row", () => {
    const all = [5, 4, 3, 2, 1].map((n) => run(n));
    let list = loaded(all, 2);
    expect(ids(list.rows)).toEqual(["run-0005", "run-0004"]);
    list = step(list, { type: "more" });
    expect(list.phase).toBe("more");
    list = step(list, { type: "page", generation: 1, page: pageOf(all, 2, list.next) });
    expect(ids(list.rows)).toEqual(["run-0005", "run-0004", "run-0003", "run-0002"]);
  });

  test("drops an answer to an earlier filter", () => {
    const list = step(loaded([run(1)]), { type: "asked", keep: false });
    const page = pageOf([run(9)], 20, null);
    expect(step(list, { type: "page", generation: 1, page })).toBe(list);
    const failure = { message: "late", hint: null, kind: "refused" } as const;
    expect(step(list, { type: "failed", generation: 1, failure })).toBe(list);
  });

  test("keeps what is shown while it is read anew", () => {
    const list = step(loaded([run(1)]), { type: "asked", keep: true });
    expect(ids(list.rows)).toEqual(["run-0001"]);
    expect(list.phase).toBe("loading");
  });

  test("changes a row in its place", () => {
    const before = loaded([run(2), run(1, { status: "running" })]);
    const list = told(before, [run(1, { status: "failed" })]);
    expect(list.rows.map(({ status }) => status)).toEqual(["succeeded", "failed"]);
    expect(list.rows[0]).toBe(before.rows[0]);
  });

  test("is the same list when the news are of others", () => {
    const before = loaded([run(3), run(2), run(1)], 2);
    expect(told(before, [run(0)], ["run-7777"])).toBe(before);
  });

  test("lets go of a run that matches no longer", () => {
    const running = (one: RunRow) => one.status === "running";
    const list = step(loaded([run(1, { status: "running" })]), {
      ...{ type: "told", runs: [run(1)], gone: [], hold: false },
      matches: running,
    });
    expect(list.rows).toEqual([]);
  });

  test("keeps back what is new while the user is further down", () => {
    let list = told(loaded([run(1)]), [run(3)], [], true);
    list = told(list, [run(2), run(4)], [], true);
    expect(ids(list.rows)).toEqual(["run-0001"]);
    expect(ids(list.held)).toEqual(["run-0004", "run-0003", "run-0002"]);
    list = told(list, [run(3, { status: "failed" })], ["run-0002"], true);
    list = step(list, { type: "release" });
    expect(ids(list.rows)).toEqual(["run-0004", "run-0003", "run-0001"]);
    expect(list.rows[1]?.status).toBe("failed");
    expect(list.held).toEqual([]);
  });

  test("leaves older runs to the page they belong to", () => {
    const list = told(loaded([run(9), run(8), run(1)], 2), [run(5)]);
    expect(ids(list.rows)).toEqual(["run-0009", "run-0008"]);
  });

  test("believes news more than a page that was under way", () => {
    const all = [run(4), run(3), run(2, { status: "running" }), run(1)];
    let list = step(loaded(all, 2), { type: "more" });
    list = told(list, [run(2, { status: "failed" })], ["run-0001"]);
    list = step(list, { type: "page", generation: 1, page: pageOf(all, 2, list.next) });
    expect(list.rows.map(({ id, status }) => `${id} ${status}`)).toEqual([
      "run-0004 succeeded",
      "run-0003 succeeded",
      "run-0002 failed",
    ]);
  });

  test("shows a run that began while the first page was under way", () => {
    let list = step(NOTHING, { type: "asked", keep: false });
    list = told(list, [run(7)]);
    list = step(list, { type: "page", generation: 1, page: pageOf([run(2)], 20, null) });
    expect(ids(list.rows)).toEqual(["run-0007", "run-0002"]);
  });

  test("can go on after a page that failed, and keeps its rows", () => {
    let list = step(loaded([run(2), run(1)], 1), { type: "more" });
    expect(canAskMore(list)).toBe(false);
    const failure = { message: "busy", hint: null, kind: "busy" } as const;
    list = step(list, { type: "failed", generation: 1, failure });
    expect(ids(list.rows)).toEqual(["run-0002"]);
    expect(canAskMore(list)).toBe(true);
  });
});

/**
 * A server and a reader: whatever happens in whichever order, pages are read when they were asked
 * for and come later, news come at once. In the end both have the same.
 */
describe.each(Array.from({ length: 60 }, (_, seed) => seed))("any order of things, %i", (seed) => {
  test("shows what there is, sorted, each run once", () => {
    const roll = dice(seed);
    const truth = new Map<string, RunRow>();
    const failed = roll(2) === 0;
    const matches = (one: RunRow) => !failed || one.status === "failed";
    const put = (one: RunRow) => truth.set(one.id, one);
    const status = () => (roll(2) === 0 ? "failed" : "running");
    for (let n = 0; n < 30; n++) put(run(n * 2, { status: status() }));
    const there = () => [...truth.values()].filter(matches);
    let list = step(NOTHING, { type: "asked", keep: false });
    let way: ReturnType<typeof pageOf> | null = pageOf(there(), 5, null);
    const arrive = () => {
      if (way !== null) list = step(list, { type: "page", generation: 1, page: way });
      way = null;
    };
    const more = () => {
      if (way !== null || !canAskMore(list)) return;
      way = pageOf(there(), 5, list.next);
      list = step(list, { type: "more" });
    };
    const tell = (runs: RunRow[], gone: string[]) => {
      list = step(list, { type: "told", runs, gone, matches, hold: roll(2) === 0 });
    };
    const happen = () => {
      const one = run(roll(120), { status: status(), pinned: roll(2) === 0 });
      if (roll(4) === 0) {
        truth.delete(one.id);
        tell([], [one.id]);
      } else {
        put(one);
        tell([one], []);
      }
    };
    for (let n = 0; n < 200; n++) {
      [arrive, more, happen, happen][roll(4)]?.();
      const seen = [...list.held, ...list.rows];
      expect(new Set(ids(seen)).size).toBe(seen.length);
      expect([...list.rows].sort(newestFirst)).toEqual(list.rows);
      expect(seen.every(matches)).toBe(true);
    }
    for (arrive(); list.next !== null; arrive()) more();
    list = step(list, { type: "release" });
    expect(list.rows).toEqual(there().sort(newestFirst));
  });
});
