import { expect, test } from "vitest";
import { clockOf, split, wantedLines } from "../src/model/logLines";
import { type AskForLines, BLOCK, LogPages } from "../src/panels/output/logPages";
import type { Level, Lines, LogLine } from "../src/protocol/generated";

const line = (text: string, level: Level = "info", stream = "stdout"): LogLine => ({
  ...{ stream, text, at: 1, seq: 1, level },
});

test("lines are wanted by stream, by how grave they are, and by what is in them", () => {
  const lines = [
    line("a", "debug"),
    line("b"),
    line("error: c", "error", "log"),
    line("d", "warning"),
  ];
  const texts = (wanted: Partial<Parameters<typeof wantedLines>[1]>) =>
    wantedLines(lines, { stream: "", level: "debug", find: "", ...wanted }).map((one) => one.text);
  expect(texts({})).toHaveLength(4);
  expect(texts({ level: "warning" })).toEqual(["error: c", "d"]);
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

/** A log of so many lines, as whoever is asked tells it. */
function logOf(count: number) {
  const asked: Array<Parameters<AskForLines>[0]> = [];
  const log = { count, fails: false };
  const ask: AskForLines = (question) => {
    asked.push(question);
    if (log.fails) return Promise.reject(new Error("Nobody answered."));
    const all = Array.from({ length: log.count }, (_, i) => line(`line ${i}`));
    const found = all.filter(({ text }) => text.includes(question.find ?? ""));
    const many = question.count ?? BLOCK;
    const start = question.start ?? Math.max(0, found.length - many);
    const lines = found.slice(start, start + many);
    const told = { type: "LINES", view: "v", rid: 1, lines, start } as const;
    return Promise.resolve({ ...told, total: found.length, of: log.count } satisfies Lines);
  };
  const pages = new LogPages({ node: "loud", scope: "", until: null }, ask);
  return { asked, log, pages };
}

const settled = () => new Promise((done) => setTimeout(done));
const EVERY = { stream: "", level: "debug", find: "" } as const;

test("of a long log the end is asked for first, and what comes into sight", async () => {
  const { asked, pages } = logOf(100_000);
  pages.want(EVERY);
  await settled();
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ type: "LINES", node: "loud", start: null, until: null });
  expect(pages.known).toMatchObject({ total: 100_000, of: 100_000, asking: false });
  expect(pages.line(99_999)?.text).toBe("line 99999");
  pages.look(99_950, 50);
  await settled();
  expect(asked).toHaveLength(1); // that was there
  pages.look(50_190, 30);
  expect(pages.known.asking).toBe(true);
  await settled();
  expect(asked.slice(1).map(({ start }) => start)).toEqual([50_000, 50_200]);
  expect(pages.line(50_219)?.text).toBe("line 50219");
  expect(pages.line(10)).toBeUndefined();
});

test("a log that grew is asked for its end, and keeps what was seen of it", async () => {
  const { log, pages } = logOf(1_000);
  pages.want(EVERY);
  await settled();
  log.count = 1_300;
  pages.renew();
  await settled();
  expect(pages.known.total).toBe(1_300);
  expect(pages.line(1_299)?.text).toBe("line 1299");
  expect(pages.line(900)?.text).toBe("line 900");
});

test("other lines are wanted of the whole log, not of what was seen", async () => {
  const { asked, pages } = logOf(5_000);
  pages.want(EVERY);
  await settled();
  pages.want({ ...EVERY, find: "line 77" });
  expect(pages.known.total).toBeNull();
  await settled();
  expect(asked.at(-1)).toMatchObject({ find: "line 77", start: null });
  expect(pages.known).toMatchObject({ total: 11, of: 5_000 });
  expect(pages.line(0)?.text).toBe("line 77");
});

test("an answer to what is no longer wanted is not taken", async () => {
  const { pages } = logOf(5_000);
  pages.want(EVERY);
  pages.want({ ...EVERY, find: "line 4999" });
  await settled();
  expect(pages.known.total).toBe(1);
  expect(pages.line(4_999)).toBeUndefined();
});

test("why there are no lines is told, and asked again they come", async () => {
  const { log, pages } = logOf(1_000);
  log.fails = true;
  pages.want(EVERY);
  await settled();
  expect(pages.known).toMatchObject({ total: null, note: "Nobody answered.", asking: false });
  log.fails = false;
  pages.want(EVERY);
  await settled();
  expect(pages.known).toMatchObject({ total: 1_000, note: "" });
});

test("whoever did not answer is not asked for more by looking", async () => {
  const { asked, log, pages } = logOf(1_000);
  pages.want(EVERY);
  await settled();
  log.fails = true;
  pages.look(0, 50);
  await settled();
  pages.look(0, 50);
  pages.look(300, 50);
  expect(asked).toHaveLength(2);
  log.fails = false;
  pages.renew();
  await settled();
  pages.look(300, 50);
  await settled();
  expect(pages.line(300)?.text).toBe("line 300");
});

test("all lines that are wanted are copied, page by page", async () => {
  const { pages } = logOf(2_500);
  pages.want(EVERY);
  await settled();
  const [text, count] = await pages.text();
  expect(count).toBe(2_500);
  expect(text.split("\n")).toHaveLength(2_500);
  expect(text.startsWith("line 0\n")).toBe(true);
});
