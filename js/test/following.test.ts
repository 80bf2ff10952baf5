/** The line for pages of runs: what it asks, and what each page hears, also over a break. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Following } from "../src/lab/run/following";
import { RunWay } from "../src/lab/run/runWay";
import type { Event } from "../src/protocol/generated";
import { PageError, type RunPage } from "../src/protocol/runPage";
import { completed, created, RUN, snapshot, started } from "./flows";

class Socket {
  static all: Socket[] = [];
  sent: unknown[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly since: number | null) {
    Socket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  tell(told: object) {
    this.onmessage?.({ data: JSON.stringify(told) });
  }
}

const line = () => new Following((since) => new Socket(since) as unknown as WebSocket);
const last = () => Socket.all.at(-1) as Socket;

beforeEach(() => {
  Socket.all = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

function follower() {
  const heard: unknown[] = [];
  return {
    heard,
    happened: (events: readonly Event[]) => heard.push(events.map(({ seq }) => seq)),
    changed: (runs: readonly string[] | null) => heard.push(runs),
    gone: () => heard.push("gone"),
  };
}

const LOGGED = { kind: "NODE_LOGGED", run: RUN, seq: 3, at: 1, node: "a", text: "", stream: "log" };

test("a run is watched once the server has begun, and told nothing twice", () => {
  const one = follower();
  const followed = line().follow(RUN, one);
  followed.watch(1);
  expect(last().sent).toEqual([]);
  last().tell({ position: 5, runs: [], gone: [] });
  expect(last().sent).toEqual([{ watch: [{ run: RUN, after: 1 }] }]);
  last().tell({ events: { [RUN]: [started("a", 1), started("a", 2), LOGGED] } });
  last().tell({ events: { [RUN]: [started("a", 2)] } });
  expect(one.heard).toEqual([[2]]);
});

test("after a break it goes on where it was", () => {
  const one = follower();
  line().follow(RUN, one).watch(1);
  last().tell({ position: 5, runs: [], gone: [] });
  last().tell({ events: { [RUN]: [started("a", 4)] } });
  last().onclose?.();
  vi.advanceTimersByTime(600);
  expect(Socket.all).toHaveLength(2);
  expect(last().since).toBe(5);
  last().tell({ position: 6, runs: [{ id: "other" }], gone: [] });
  expect(last().sent).toEqual([{ watch: [{ run: RUN, after: 4 }] }]);
  expect(one.heard).toEqual([[4], [], ["other"]]);
});

test("whoever is gone is told, and nobody keeps the line open for nothing", () => {
  const one = follower();
  const followed = line().follow(RUN, one);
  last().tell({ position: 1, runs: [], gone: [] });
  last().tell({ position: 2, runs: [], gone: [RUN] });
  expect(one.heard).toEqual(["gone"]);
  followed.stop();
  expect(last().closed).toBe(true);
  last().onclose?.();
  vi.advanceTimersByTime(60_000);
  expect(Socket.all).toHaveLength(1);
});

function way(answer: () => unknown) {
  const page = { run: RUN, ask: async () => answer() } as unknown as RunPage;
  const watched: number[] = [];
  const failures: PageError[] = [];
  const heard: Array<{ type: string; seq?: number }> = [];
  const links: boolean[] = [];
  const made = new RunWay(
    page,
    (after) => watched.push(after),
    (failure) => failures.push(failure),
  );
  made.onMessage((content) => heard.push(content as { type: string }));
  made.onLink((live) => links.push(live));
  return { made, watched, failures, heard, links };
}

const turn = () => vi.advanceTimersByTimeAsync(0);

test("a run that goes on is watched from its last event, one that is over is not", async () => {
  const going = way(() => ({ messages: [snapshot(0, [created(), started("a", 1)])] }));
  going.made.send({ type: "HELLO", view: "v" });
  await turn();
  expect(going.watched).toEqual([1]);
  going.made.happened([completed("a", 2, [])]);
  expect(going.heard.map(({ type, seq }) => [type, seq])).toEqual([
    ["SNAPSHOT", 1],
    ["BATCH", 2],
  ]);
  const end = { kind: "RUN_COMPLETED", run: RUN, seq: 1, at: 1, status: "succeeded", ms: 1 };
  const over = way(() => ({ messages: [snapshot(0, [created(), end as Event])] }));
  over.made.send({ type: "HELLO", view: "v" });
  await turn();
  expect(over.watched).toEqual([]);
});

test("a run that cannot be shown is said, a server that went away is lost and comes back", async () => {
  let there = false;
  const one = way(() => {
    if (!there) throw new PageError("no such run", "", 404);
    return { messages: [snapshot(0, [created()])] };
  });
  one.made.send({ type: "HELLO", view: "v" });
  await turn();
  expect(one.failures.map(({ status }) => status)).toEqual([404]);
  there = true;
  one.made.send({ type: "HELLO", view: "v" });
  await turn();
  there = false;
  one.made.send({ type: "HELLO", view: "v" });
  await turn();
  expect(one.links).toEqual([false]);
  one.made.back();
  expect(one.links).toEqual([false, true]);
});

test("details that were overtaken by those asked for later are not shown", async () => {
  const answers: Array<(told: unknown) => void> = [];
  const one = way(() => new Promise((resolve) => answers.push(resolve)));
  const inspect = (scope: string | null) =>
    one.made.send({ type: "INSPECT", view: "v", node: "a", scope });
  for (const scope of [null, "each[0]", "each[1]"]) inspect(scope);
  const details = (turn: string) => ({ messages: [{ type: "DETAILS", turn }] });
  answers[1]?.(details("each[0]"));
  await turn();
  answers[0]?.(details("latest"));
  answers[2]?.(details("each[1]"));
  await turn();
  expect(one.heard.map((told) => (told as { turn?: string }).turn)).toEqual(["each[0]", "each[1]"]);
});
