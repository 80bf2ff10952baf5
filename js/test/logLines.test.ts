import { expect, test } from "vitest";
import { clockOf, type Level, levelOf, split, wantedLines } from "../src/model/logLines";

const line = (text: string, stream = "stdout") => ({ stream, text, at: 1 });

test.each<[string, string, Level]>([
  ["read 1461 rows", "stdout", "info"],
  ["warning: 3 rows", "log", "warning"],
  ["ERROR: gone", "stdout", "error"],
  ["[debug] asked twice", "stdout", "debug"],
  ["CRITICAL - out of memory", "stderr", "error"],
  ["2026-01-01 10:00:00,123 - flow.clean - WARNING - odd", "stderr", "warning"],
  ["2026-01-01T10:00:00Z INFO started", "stderr", "info"],
  ["Traceback (most recent call last):\n  File", "stderr", "error"],
  ["KeyError: 'rain'", "stderr", "error"],
  ["x.py:3: FutureWarning: soon", "stderr", "warning"],
  ["100%|#####| 5/5", "stderr", "warning"],
  ["\n", "stderr", "info"],
  ["errors are no error", "stdout", "info"],
  ["information: none", "stdout", "info"],
])("%j on %s is %s", (text, stream, level) => {
  expect(levelOf(line(text, stream))).toBe(level);
});

test("lines are wanted by stream, by how grave they are, and by what is in them", () => {
  const lines = [line("debug: a"), line("b"), line("error: c", "log"), line("warning: d")];
  const texts = (wanted: Partial<Parameters<typeof wantedLines>[1]>) =>
    wantedLines(lines, { stream: "", level: "debug", find: "", ...wanted }).map((one) => one.text);
  expect(texts({})).toHaveLength(4);
  expect(texts({ level: "warning" })).toEqual(["error: c", "warning: d"]);
  expect(texts({ stream: "log" })).toEqual(["error: c"]);
  expect(texts({ find: " C " })).toEqual(["error: c"]);
});

test("what was looked for is every other part of a text", () => {
  expect(split("Rain and rain", "RAIN")).toEqual(["", "Rain", " and ", "rain", ""]);
  expect(split("rain", "")).toEqual(["rain"]);
});

test("a line says when it was, to the millisecond", () => {
  const at = new Date(2026, 4, 4, 9, 8, 7, 60).getTime() / 1000;
  expect(clockOf(at)).toBe("09:08:07.060");
});
