import { expect, test } from "vitest";
import { decode } from "../src/protocol/decode";
import { completed, created, flow, snapshot } from "./flows";

function refusal(content: unknown): string {
  const decoded = decode(content);
  if (decoded.ok) throw new Error("was accepted");
  return decoded.reason;
}

test("what the kernel sends is accepted whole", () => {
  const message = snapshot(1, [created(), completed("fetch", 1, ["rows"])]);
  expect(decode(message)).toEqual({ ok: true, message });
});

test("an unknown message is refused by name", () => {
  expect(refusal({ type: "CHEER", seq: 1 })).toContain('"CHEER"');
  expect(refusal("hello")).toBe("message is not an object");
});

test("an unknown event is refused by name and place", () => {
  const event = { ...created(), kind: "RUN_CHEERED" };
  expect(refusal({ type: "BATCH", seq: 1, events: [event], progress: [], streams: [] })).toBe(
    'message.events[0].kind is "RUN_CHEERED", which this page does not know',
  );
});

test("a missing field and a field of the wrong type are refused by path", () => {
  const { params: _, ...rest } = flow;
  expect(refusal({ ...snapshot(1, null), flow: rest })).toBe("message.flow.params is missing");
  expect(refusal({ ...snapshot(1, null), seq: "1" })).toBe("message.seq is not a number");
  const moved = { ...flow, nodes: [{ ...flow.nodes[0], x: null }] };
  expect(refusal({ ...snapshot(1, null), flow: moved })).toBe(
    "message.flow.nodes[0].x is not a number",
  );
});

test("an unknown status is refused and an unknown extra field is not", () => {
  const over = { kind: "RUN_COMPLETED", run: "r", seq: 1, at: 1, status: "glorious", ms: 1 };
  expect(refusal({ type: "BATCH", seq: 1, events: [over], progress: [], streams: [] })).toContain(
    "glorious",
  );
  expect(decode({ ...snapshot(1, null), later: true }).ok).toBe(true);
});

test("previews are told apart by what they show", () => {
  const details = {
    type: "DETAILS",
    view: "v",
    node: "n",
    run: null,
    scope: "",
    inputs: [],
    source: "",
    language: "python",
    logs: [],
    logs_cut: false,
    lines: 0,
    error: null,
    stream: null,
    measured: null,
    outputs: [
      { port: "a", type: "int", note: "", preview: { show: "tree", value: 1, cut: false } },
    ],
  };
  expect(decode(details).ok).toBe(true);
  const array = {
    show: "array",
    dtype: "int64",
    shape: [2],
    values: [1, null],
    nulls: 1,
    min: 1,
    max: 1,
    mean: 1,
    ...{ median: 1, bars: [1], sampled: null },
    summarized: null,
  };
  const port = { port: "a", type: "ndarray", note: "", preview: array };
  expect(decode({ ...details, outputs: [port] }).ok).toBe(true);
  const shapeless = { ...port, preview: { ...array, shape: "2" } };
  expect(decode({ ...details, outputs: [shapeless] }).ok).toBe(false);
  const film = { ...details, outputs: [{ ...details.outputs[0], preview: { show: "film" } }] };
  expect(refusal(film)).toContain('"film"');
});
