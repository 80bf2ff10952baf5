import { expect, test } from "vitest";
import { type Area, boxPath, MAP_HEIGHT, MAP_WIDTH, scaleOf, toneOf } from "../src/canvas/plan";

const area = (x: number, y: number): Area => ({ id: `${x}`, x, y, width: 100, height: 50 });

test("all of a flow fits on the map, in the middle and undistorted", () => {
  const { scale, left, top } = scaleOf([area(-1000, 0), area(900, 450)]);
  const corner = (x: number, y: number) => [x * scale + left, y * scale + top];
  const [x0 = 0, y0 = 0] = corner(-1000, 0);
  const [x1 = 0, y1 = 0] = corner(1000, 500);
  expect([x0 + x1, y0 + y1].map(Math.round)).toEqual([MAP_WIDTH, MAP_HEIGHT]);
  expect(x0).toBeGreaterThan(0);
  expect((x1 - x0) / (y1 - y0)).toBeCloseTo(4);
});

test("a flow without nodes has a map too", () => {
  expect(scaleOf([])).toEqual({ scale: 1, left: 0, top: 0 });
});

test("a node is a box where it lies", () => {
  const path = boxPath(area(10, 20), { scale: 0.1, left: 1, top: 2 });
  expect(path).toBe("M2,4h10v5h-10z");
});

test("how a node stands is one of four tones", () => {
  const tones = (["reused", "failed", "running", "waiting"] as const).map(toneOf);
  expect(tones).toEqual(["good", "bad", "running", "plain"]);
});
