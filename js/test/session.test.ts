import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Memory } from "../src/host/memory";
import { Session } from "../src/host/session";
import { Store } from "../src/model/store";
import { completed, created, snapshot, started } from "./flows";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(first: ReturnType<typeof snapshot> | null = null) {
  const memory = new Memory(first);
  const store = new Store(
    (callback) => callback(),
    () => 200,
  );
  return { memory, store, session: new Session(store, memory) };
}

test("a view greets and shows what it was given at once", () => {
  const { memory, store } = open(snapshot(1, null));
  expect(store.state.flow?.flow).toBe("tour");
  expect(memory.sent.map((one) => one.type)).toEqual(["HELLO"]);
});

test("a gap is answered by one greeting, however many batches follow it", () => {
  const { memory } = open(snapshot(1, [created()]));
  memory.tell({ type: "BATCH", seq: 5, events: [started("fetch", 1)], progress: [], streams: [] });
  memory.tell({
    type: "BATCH",
    seq: 6,
    events: [completed("fetch", 2, [])],
    progress: [],
    streams: [],
  });
  expect(memory.sent.map((one) => one.type)).toEqual(["HELLO", "HELLO"]);
});

test("a greeting nobody answers means the kernel is lost, and an answer brings it back", () => {
  const { memory, store } = open(snapshot(1, null));
  vi.advanceTimersByTime(10_000);
  expect(store.state.connection).toBe("lost");
  memory.tell(snapshot(2, null));
  expect(store.state.connection).toBe("live");
});

test("a closed comm is noticed at once", () => {
  const { memory, store } = open(snapshot(1, null));
  memory.link(false);
  expect(store.state.connection).toBe("lost");
});

test("details for another page are not ours", () => {
  const { memory, store, session } = open(snapshot(1, null));
  const details = {
    type: "DETAILS",
    view: "somebody",
    node: "fetch",
    run: null,
    scope: "",
    inputs: [],
    outputs: [],
    source: "",
    language: "python",
    logs: [],
    logs_cut: false,
    lines: 0,
    error: null,
    stream: null,
    measured: null,
  };
  memory.tell(details);
  expect(store.state.details).toEqual({});
  memory.tell({ ...details, view: session.view });
  expect(Object.keys(store.state.details)).toEqual(["fetch"]);
});

test("what cannot be read becomes a notice, not an exception", () => {
  const { memory, store } = open(snapshot(1, null));
  memory.tell({ type: "CHEER" });
  expect(store.state.refused?.message).toContain('"CHEER"');
});

test("listeners hear once per frame however much arrived", () => {
  const frames: Array<() => void> = [];
  const store = new Store(
    (callback) => void frames.push(callback),
    () => 0,
  );
  let heard = 0;
  store.subscribe(() => heard++);
  store.receive(snapshot(1, [created()]));
  store.receive({
    type: "BATCH",
    seq: 2,
    events: [started("fetch", 1)],
    progress: [],
    streams: [],
  });
  expect([frames.length, heard]).toEqual([1, 0]);
  frames[0]?.();
  expect(heard).toBe(1);
});

test("while the way is cut nothing is sent, whoever asked hears so, and the flow is only looked at", async () => {
  const { memory, store, session } = open(snapshot(1, null));
  const waiting = session.request({ type: "UNDO" });
  memory.link(false);
  await expect(waiting).rejects.toThrow("lost before this was answered");
  const sent = memory.sent.length;
  await expect(session.request({ type: "UNDO" })).rejects.toMatchObject({ lost: true });
  session.run({});
  expect(store.state.refused?.message).toContain("nothing was changed");
  session.move({ fetch: { x: 1, y: 1 } });
  expect(memory.sent).toHaveLength(sent);
  expect(store.state.flow?.locked).toBe("there is no connection");
  vi.advanceTimersByTime(10_000);
  memory.link(true);
  expect(memory.sent.map((one) => one.type).slice(sent)).toEqual(["HELLO"]);
  memory.tell(snapshot(1, null));
  expect(store.state).toMatchObject({ connection: "live", flow: { locked: "" } });
});

test("who is silent is greeted again, until they answer", () => {
  const { memory, store } = open(snapshot(1, null));
  vi.advanceTimersByTime(17_000);
  expect(memory.sent.map((one) => one.type)).toEqual(["HELLO", "HELLO"]);
  memory.tell(snapshot(2, null));
  vi.advanceTimersByTime(60_000);
  expect(store.state.connection).toBe("live");
  expect(memory.sent).toHaveLength(2);
});

test("what only reads is asked of who answers next, and answered once", async () => {
  const { memory, session } = open(snapshot(1, null));
  const part = session.request<"PART">({ type: "PART", name: "more" });
  const asked = memory.sent.at(-1) as { readonly rid: number; readonly view: string };
  memory.link(true);
  expect(memory.sent.slice(-2)).toEqual([{ type: "HELLO", view: asked.view }, asked]);
  memory.tell({ type: "PART", view: asked.view, rid: asked.rid, text: "whole" });
  expect((await part).text).toBe("whole");
  memory.link(true);
  expect(memory.sent.at(-1)?.type).toBe("HELLO");
});

test("what changes the flow is not done again by who answers next, and who asked hears of it", async () => {
  const { memory, session } = open(snapshot(1, null));
  const removed = session.request({ type: "REMOVE", nodes: ["fetch"] });
  const answered = session.request<"EDITED">({ type: "UNDO" });
  const last = memory.sent.at(-1) as { readonly rid: number; readonly view: string };
  const sent = memory.sent.filter(({ type }) => type === "REMOVE");
  memory.link(true);
  expect(memory.sent.filter(({ type }) => type === "REMOVE")).toEqual(sent);
  memory.tell(snapshot(1, null));
  const { view, rid } = last;
  memory.tell({ type: "EDITED", view, rid, label: "", nodes: [], path: null, note: "" });
  vi.advanceTimersByTime(10_000);
  await expect(removed).rejects.toThrow("lost before this was answered");
  expect((await answered).type).toBe("EDITED");
});
