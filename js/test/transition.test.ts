import { selection } from "d3-selection";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { interrupt } from "../src/thin/transition";

let now = 0;
let waiting: Array<(at: number) => void> = [];

beforeEach(() => {
  now = 0;
  waiting = [];
  vi.stubGlobal("requestAnimationFrame", (callback: (at: number) => void) =>
    waiting.push(callback),
  );
  vi.stubGlobal("cancelAnimationFrame", () => {
    waiting = [];
  });
});
afterEach(() => vi.unstubAllGlobals());

function frame(ms: number): void {
  now += ms;
  for (const one of waiting.splice(0)) one(now);
}

/** What d3-zoom does with a transition: it begins, steps, and ends or is interrupted. */
function begin(node: Element) {
  const said: string[] = [];
  const all = Object.assign(Object.create(selection.prototype), {
    _groups: [[node]],
    _parents: [null],
  });
  all
    .transition()
    .duration(100)
    .on("start.zoom", () => said.push("start"))
    .on("interrupt.zoom end.zoom", () => said.push("over"))
    .on("end", () => said.push("end"))
    .tween("zoom", () => (t: number) => said.push(t.toFixed(2)));
  return said;
}

test("a view moves from frame to frame and arrives exactly", () => {
  const said = begin({} as Element);
  frame(16);
  frame(50);
  frame(60);
  frame(60);
  expect(said).toEqual(["start", "0.00", "0.50", "1.00", "over", "end"]);
});

test("who takes hold of a moving view stops it where it is", () => {
  const node = {} as Element;
  const said = begin(node);
  frame(16);
  frame(50);
  interrupt(node);
  frame(60);
  expect(said).toEqual(["start", "0.00", "0.50", "over"]);
});
