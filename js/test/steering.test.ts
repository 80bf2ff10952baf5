import { expect, test } from "vitest";
import { direction, nearest, step } from "../src/canvas/steering";

const at = (id: string, x: number, y: number) => ({ id, position: { x, y } });
const a = at("a", 0, 60);
const b = at("b", 244, 0);
const c = at("c", 244, 120);
const d = at("d", 488, 60);
const nodes = [a, b, c, d];

test("an arrow leads to the nearest node that way, the first of equals", () => {
  expect(nearest(nodes, a, "ArrowRight")?.id).toBe("b");
  expect(nearest(nodes, b, "ArrowDown")?.id).toBe("c");
  expect(nearest(nodes, c, "ArrowUp")?.id).toBe("b");
  expect(nearest(nodes, d, "ArrowLeft")?.id).toBe("b");
});

test("a node straight ahead comes before a nearer one aside", () => {
  const aside = at("aside", 100, 200);
  expect(nearest([aside, ...nodes, at("ahead", 250, 60)], a, "ArrowRight")?.id).toBe("ahead");
});

test("at the edge there is nowhere to go", () => {
  expect(nearest(nodes, d, "ArrowRight")).toBeNull();
  expect(nearest(nodes, a, "ArrowLeft")).toBeNull();
});

test("only arrows are directions", () => {
  expect(direction("ArrowUp")).toBe("ArrowUp");
  expect(direction("Enter")).toBeNull();
  expect(step("ArrowLeft", 20)).toEqual({ x: -20, y: 0 });
});
