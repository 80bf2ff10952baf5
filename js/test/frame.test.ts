import { expect, test } from "vitest";
import { boxOf, FIRST_ZOOM, framing, LEAST_ZOOM, wantedHeight } from "../src/canvas/frame";

const tour = { x: 0, y: 0, width: 1892, height: 367, begin: 190 };

test("a small flow is shown at its own size, in the middle", () => {
  const { x, zoom } = framing(
    { x: 100, y: 0, width: 400, height: 84, begin: 42 },
    1200,
    500,
    LEAST_ZOOM,
  );
  expect(zoom).toBe(1);
  expect(x).toBe(600 - 200 - 100);
});

test("a wide flow fills the width but for a margin", () => {
  const { x, zoom } = framing(tour, 1280, 500, FIRST_ZOOM);
  expect(x).toBe(20);
  expect(zoom).toBeCloseTo(1240 / 1892);
});

test("where not everything fits readably, the beginning is shown", () => {
  const wide = { x: -50, y: -10, width: 9000, height: 4000, begin: 30 };
  expect(framing(wide, 600, 400, 0.5)).toEqual({ x: 20 + 25, y: 24 + 5, zoom: 0.5 });
  const { y } = framing({ ...wide, begin: 1990 }, 600, 400, 0.5);
  expect(y + 1990 * 0.5).toBe(24 + (400 - 24 - 60) / 2);
});

test("a view is as tall as its flow needs, within limits", () => {
  expect(wantedHeight(tour, 1280)).toBe(375);
  expect(wantedHeight({ ...tour, height: 20 }, 1280)).toBe(320);
  expect(wantedHeight({ ...tour, height: 4000 }, 1280)).toBe(640);
});

test("the box of a flow holds every node whole", () => {
  const nodes = [{ position: { x: 10, y: 20 } }, { position: { x: 254, y: -40 } }];
  expect(boxOf(nodes)).toEqual({ x: 10, y: -40, width: 428, height: 144, begin: 62 });
  expect(boxOf([])).toEqual({ x: 0, y: 0, width: 184, height: 84, begin: 42 });
});
