import { expect, test } from "vitest";
import { cellOf } from "../../src/lab/runs/cell";
import { ago, detail, duration, took } from "../../src/lab/runs/words";
import { NOON, run, TRANS } from "./fake";

test.each([
  [0, "0 s"],
  [4, "0.01 s"],
  [230, "0.23 s"],
  [1_000, "1.0 s"],
  [9_940, "9.9 s"],
  [45_000, "45 s"],
  [60_000, "1 min"],
  [185_000, "3 min 5 s"],
  [7_620_000, "2 h 7 min"],
  [86_400_000, "1 d"],
  [273_600_000, "3 d 4 h"],
])("%i ms are %s", (ms, words) => {
  expect(took(ms)).toBe(words);
});

test("a run that goes on takes longer by the second", () => {
  const going = run(0, { status: "running", duration_ms: null });
  expect(duration(going, NOON + 61_900)).toBe("1 min 1 s");
  expect(duration(going, NOON - 5_000)).toBe("0 s");
  expect(duration(run(0, { duration_ms: 2_300 }), NOON + 99_000)).toBe("2.3 s");
});

test.each([
  [12_000, "12 sec. ago"],
  [90_000, "1 min. ago"],
  [2 * 3_600_000, "2 hr. ago"],
  [26 * 3_600_000, "yesterday"],
  [15 * 86_400_000, "2 wk. ago"],
  [-5_000, "now"],
])("%i ms before now are %s", (ms, words) => {
  expect(ago(new Date(NOON - ms).toISOString(), NOON, "en")).toBe(words);
});

test("a row says its error, else what it waits for, else where it is", () => {
  const words = (over: object) => detail(TRANS, run(1, over));
  expect(words({ error: "boom", current: "load" })).toBe("boom");
  expect(words({ waiting_for: "approval by ops", current: "gate" })).toBe(
    "Waits for approval by ops",
  );
  expect(words({ status: "running", current: "load" })).toBe("At load");
  expect(words({ status: "suspended", current: "gate" })).toBe("Waits at gate");
  expect(words({})).toBe("");
});

test("a query in a cell is the text it was, whatever is in it", () => {
  expect(cellOf("SELECT 1")).toBe(
    'from flowbook import project\n\nproject().history.sql("""\nSELECT 1\n""")',
  );
  expect(cellOf('a """ b \\ "')).toContain('a \\"\\"\\" b \\\\ \\"');
});
