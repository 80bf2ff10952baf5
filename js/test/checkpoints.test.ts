import { expect, test } from "vitest";
import { type Checkpoint, offered, pointSaid } from "../src/past/model/checkpoints";

const point = (seq: number, more: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{ seq, at: "2026-01-01T12:00:00Z", node: "total", done: 2, bytes: 512, unkept: 0, why: "" },
  ...more,
});

test("the point that is offered is the last one before the moment", () => {
  const points = [point(3), point(8), point(12)];
  expect(offered(points, null)).toBe(12);
  expect(offered(points, 9)).toBe(8);
  expect(offered(points, 8)).toBe(8);
  expect(offered(points, 1)).toBe(3);
  expect(offered([], 1)).toBeNull();
});

test("a point says what is known there, and why it was asked for", () => {
  const size = (n: number) => `${n} B`;
  expect(pointSaid(point(3, { done: 1 }), size)).toBe("1 node known, 512 B");
  expect(pointSaid(point(3, { unkept: 1, why: "turns" }), size)).toBe(
    "2 nodes known, 512 B, 1 of them may have to run again, asked for after so many turns",
  );
});
