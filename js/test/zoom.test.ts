import { expect, test } from "vitest";
import { fitScale, fitted, frameHeight, panned, settled, zoomed } from "../src/model/zoom";

const PICTURE = { width: 1000, height: 500 };
const FRAME = { width: 400, height: 200 };

test("a picture is shown whole, in the middle, and never larger than it is", () => {
  expect(fitScale(PICTURE, FRAME)).toBe(0.4);
  expect(fitted({ width: 100, height: 50 }, FRAME)).toEqual({ scale: 1, x: 150, y: 75 });
  expect(fitScale({ width: 0, height: 0 }, FRAME)).toBe(1);
});

test("its frame is as tall as it needs, within limits", () => {
  expect(frameHeight(PICTURE, 400)).toBe(200);
  expect(frameHeight({ width: 100, height: 9000 }, 400)).toBe(420);
  expect(frameHeight({ width: 16, height: 16 }, 400)).toBe(60);
  expect(frameHeight({ width: 0, height: 0 }, 400)).toBe(0);
});

test("what is below the pointer stays there while one zooms", () => {
  const before = fitted(PICTURE, FRAME);
  const at = { x: 300, y: 150 };
  const after = zoomed(before, 2, at, PICTURE, FRAME);
  expect(after.scale).toBe(0.8);
  expect((at.x - after.x) / after.scale).toBeCloseTo((at.x - before.x) / before.scale);
});

test("it is zoomed within limits", () => {
  const look = fitted(PICTURE, FRAME);
  expect(zoomed(look, 1e6, { x: 0, y: 0 }, PICTURE, FRAME).scale).toBe(16);
  expect(zoomed(look, 1e-6, { x: 0, y: 0 }, PICTURE, FRAME).scale).toBe(0.1);
});

test("it is moved no farther than its edges, and not at all where all of it is seen", () => {
  const large = { scale: 1, x: -100, y: -100 };
  expect(panned(large, { x: 500, y: -900 }, PICTURE, FRAME)).toEqual({ scale: 1, x: 0, y: -300 });
  const whole = fitted(PICTURE, FRAME);
  expect(panned(whole, { x: 50, y: 50 }, PICTURE, FRAME)).toEqual(whole);
  expect(settled({ scale: 0.1, x: 9, y: 9 }, PICTURE, FRAME)).toEqual({
    scale: 0.1,
    x: 150,
    y: 75,
  });
});
