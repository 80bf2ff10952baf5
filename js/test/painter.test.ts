import { expect, test } from "vitest";
import { Painter } from "../src/canvas/painter";
import { Store } from "../src/model/store";
import { completed, created, snapshot, started } from "./flows";

/** A painter of two nodes that writes down what it paints; every look at the clock costs `cost`. */
function setting(cost = 0) {
  const frames: Array<() => void> = [];
  let now = 0;
  const store = new Store(
    (callback) => callback(),
    () => 0,
  );
  store.receive(snapshot(1, [created()]));
  const painter = new Painter(
    store,
    (callback) => frames.push(callback),
    () => {
      now += cost;
      return now;
    },
  );
  const painted: string[] = [];
  const stops = ["fetch", "season"].map((name) =>
    painter.watch({
      paint: () => painted.push(name),
      reads: ({ run }) => [run?.nodes[name]],
    }),
  );
  const stop = painter.start();
  const tell = (seq: number, ...events: Parameters<typeof snapshot>[1] & object) =>
    store.receive({ type: "BATCH", seq, events, progress: [], streams: [] });
  const after = (act: () => void) => {
    painted.length = 0;
    act();
    return [...painted];
  };
  return { store, frames, stops, stop, tell, after, painted };
}

test("what is on the page is painted at once, and then only when it changed", () => {
  const { tell, after, painted, stop } = setting();
  expect(painted).toEqual(["fetch", "season"]);
  expect(after(() => tell(2, started("fetch", 1)))).toEqual(["fetch"]);
  expect(after(() => tell(3, completed("fetch", 2, ["rows"]), started("season", 3)))).toEqual([
    "fetch",
    "season",
  ]);
  expect(after(() => tell(4))).toEqual([]);
  stop();
});

test("what is about the run as a whole paints everything", () => {
  const { store, after, stop } = setting();
  const queued = { run: "run-2", waitsFor: "run-1" };
  expect(after(() => store.change({ queued }))).toEqual(["fetch", "season"]);
  expect(after(() => store.change({ refused: null }))).toEqual([]);
  stop();
});

test("what does not fit into a slice of time is painted in the next frame", () => {
  const { frames, tell, after, stop } = setting(6);
  const both = () => tell(2, started("fetch", 1), started("season", 1));
  expect(after(both)).toEqual(["fetch", "season"]);
  const slow = setting(9);
  const begin = () => slow.tell(2, started("fetch", 1), started("season", 1));
  expect(slow.after(begin)).toEqual(["fetch"]);
  expect(slow.after(() => slow.frames.splice(0).map((frame) => frame()))).toEqual(["season"]);
  expect([slow.frames, frames]).toEqual([[], []]);
  stop();
  slow.stop();
});

test("what has left the page is painted no more, nor anything after the end", () => {
  const { stops, tell, after, stop } = setting();
  stops[0]?.();
  expect(after(() => tell(2, started("fetch", 1), started("season", 1)))).toEqual(["season"]);
  stop();
  expect(after(() => tell(3, completed("season", 2, [])))).toEqual([]);
});
