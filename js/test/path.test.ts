import { expect, test } from "vitest";
import { line } from "../src/canvas/path";

const start = { x: 184, y: 42 };
const end = { x: 488, y: 42 };
const way = { start, end, via: [{ x: 244, y: 130 }] };

test("an edge follows its corridor straight through the column", () => {
  const { path, label } = line(start, end, way);
  expect(path).toBe("M184,42C214,42 214,130 244,130L428,130C458,130 458,42 488,42");
  expect(label).toEqual({ x: 214, y: 86 });
});

test("an edge whose end was moved has no corridor", () => {
  expect(line(start, { x: 488, y: 300 }, way).path).toBe("M184,42C336,42 336,300 488,300");
});

test("an edge is told from its corridor by more than the size of a port", () => {
  expect(line({ x: 189, y: 42 }, end, way).path).toContain("L428,130");
});

test("an edge back to the left leaves and arrives from outside", () => {
  expect(line(end, start, null).path).toMatch(/^M488,42C6\d\d,42 \d+,42 184,42$/);
});
