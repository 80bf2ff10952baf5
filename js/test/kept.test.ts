import { expect, test } from "vitest";
import { kept, keptBy } from "../src/model/kept";

const name = (one: { readonly name: string }) => one.name;

test("an equal copy is the object that was there before", () => {
  const before = { a: [1, { b: null }], c: "x" };
  expect(kept(before, structuredClone(before))).toBe(before);
});

test("what changed is new, and all beside it is not", () => {
  const before = { left: { x: 1 }, right: [{ y: 1 }, { y: 2 }] };
  const after = kept(before, { left: { x: 1 }, right: [{ y: 1 }, { y: 3 }] });
  expect(after).toEqual({ left: { x: 1 }, right: [{ y: 1 }, { y: 3 }] });
  expect(after.left).toBe(before.left);
  expect(after.right[0]).toBe(before.right[0]);
  expect(after.right[1]).not.toBe(before.right[1]);
});

test.each<readonly [unknown, unknown]>([
  [{ a: 1 }, {}],
  [{}, { a: undefined }],
  [{ a: undefined }, { b: undefined }],
  [[1, 2], [1]],
  [[], {}],
  [null, {}],
  [{ a: 1 }, null],
  [1, "1"],
])("%j is not taken for %j", (before, after) => {
  expect(kept(before, after)).toStrictEqual(after);
});

test("what has a class of its own is left as it is", () => {
  const after = new Map([["a", 1]]);
  expect(kept(new Map([["a", 1]]), after)).toBe(after);
});

test("members of a list are known by name when others come and go", () => {
  const before = [{ name: "a" }, { name: "b", x: 1 }];
  const after = keptBy(before, [{ name: "new" }, { name: "b", x: 1 }, { name: "a" }], name);
  expect(after.map(name)).toEqual(["new", "b", "a"]);
  expect(after[1]).toBe(before[1]);
  expect(after[2]).toBe(before[0]);
  expect(keptBy(before, structuredClone(before), name)).toBe(before);
  expect(keptBy(before, before.toReversed(), name)).toEqual(before.toReversed());
});
