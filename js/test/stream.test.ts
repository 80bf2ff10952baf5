import { expect, test } from "vitest";
import { bytes, measuredLabel, shareLabel } from "../src/model/selectors";
import { INITIAL, reduce } from "../src/model/state";
import { type LiveStreams, streamed, streamText, tail } from "../src/model/stream";
import type { StreamedView, StreamView } from "../src/protocol/generated";
import { created, snapshot } from "./flows";

const token = (chunk_index: number, text: string, attempt = 1, chunks = 1): StreamView => ({
  node: "ask",
  scope: "",
  attempt,
  channel: "token",
  text,
  chunk_index,
  chunks,
});

const asked = (tokens: number, text: string, attempt = 1): StreamedView => ({
  attempt,
  text,
  cut: false,
  tokens,
  data: [],
  more_data: 0,
  artefacts: [],
  more_artefacts: 0,
});

const heard = (...notices: StreamView[]): LiveStreams => streamed({}, notices);

test("tokens are shown as they come", () => {
  const live = heard(token(0, "It "), token(1, "rains")).ask;
  expect(streamText(null, live)).toEqual({ text: "It rains", tokens: 2, cut: false });
});

test("what was asked for and what came live are shown once", () => {
  const live = heard(token(0, "It "), token(1, "rains"), token(2, ".")).ask;
  expect(streamText(asked(2, "It rains"), live)).toEqual({
    text: "It rains.",
    tokens: 3,
    cut: false,
  });
  expect(streamText(asked(3, "It rains."), live).text).toBe("It rains.");
});

test("a view that came late knows that something is missing until it has asked", () => {
  const live = heard(token(5, "later")).ask;
  expect(streamText(null, live)).toEqual({ text: "later", tokens: 6, cut: true });
  expect(streamText(asked(5, "before "), live).text).toBe("before later");
});

test("another attempt begins anew", () => {
  const live = heard(token(0, "first"), token(0, "second", 2)).ask;
  expect(streamText(asked(1, "first"), live).text).toBe("second");
  expect(streamText(asked(1, "third", 3), live).text).toBe("third");
});

test("a piece that comes twice is shown once", () => {
  const live = heard(token(0, "a"), token(0, "a")).ask;
  expect(streamText(null, live).text).toBe("a");
});

test("a long text keeps its end", () => {
  const notices = Array.from({ length: 300 }, (_, i) => token(i, "x".repeat(100)));
  const live = streamed({}, notices).ask;
  expect(live?.pieces.length).toBeLessThanOrEqual(200);
  const said = streamText(null, live);
  expect(said.text.length).toBeLessThanOrEqual(20_000);
  expect(said.cut).toBe(true);
});

test("of data and artefacts the newest is known, and how many there were", () => {
  const of = { node: "ask", scope: "", attempt: 1 };
  const live = heard(
    { ...of, channel: "data", text: "1", chunk_index: 0, chunks: 1 },
    { ...of, channel: "data", text: "9", chunk_index: 1, chunks: 8 },
    { ...of, channel: "artefact", text: "a.png", chunk_index: 0, chunks: 1 },
  ).ask;
  expect(live?.data).toEqual({ count: 9, text: "9" });
  expect(live?.artefacts).toEqual({ count: 1, text: "a.png" });
});

test("a card shows the end of what its node says, on one line", () => {
  expect(tail(undefined)).toBe("");
  expect(tail(heard(token(0, "It\nrains.")).ask)).toBe("It rains.");
  expect(tail(heard(token(0, "word ".repeat(40))).ask)).toMatch(/^….{28}$/);
});

test("streams are forgotten with their run", () => {
  const batch = { type: "BATCH", events: [], progress: [], streams: [token(0, "hello")] } as const;
  let state = reduce(INITIAL, snapshot(1, [created()]), 1);
  state = reduce(state, { ...batch, seq: 2 }, 1);
  expect(state.streams.ask?.tokens).toBe(1);
  state = reduce(state, snapshot(3, [created()]), 1);
  expect(state.streams.ask?.tokens).toBe(1);
  state = reduce(
    state,
    { type: "BATCH", seq: 4, events: [created("run-2")], progress: [], streams: [] },
    2,
  );
  expect(state.streams).toEqual({});
});

test("what an attempt took is said in few words", () => {
  expect(measuredLabel(null)).toBe("");
  expect(
    measuredLabel({ attempt: 1, cpu_ms: 820, memory: 121_400_000, is_estimate: true }),
  ).toContain("about 121 MB memory");
  expect(bytes(999)).toBe("999 B");
  expect(bytes(1_500)).toBe("1.5 KB");
  expect(shareLabel({ done: 1, total: 3 })).toBe("33 percent done");
  expect(shareLabel({ done: 1, total: null })).toBe("");
});
