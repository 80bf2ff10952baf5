import { expect, test } from "vitest";
import { branchesOf, copied, MOST_ROWS, pathText, treeRows } from "../src/model/jsonTree";

const DATA = {
  city: "Oslo",
  items: [
    { name: "rain", price: 2 },
    { name: "wind", price: 3 },
  ],
  deep: { er: { still: { here: true } } },
  none: null,
};
const shown = (find = "", opened = new Map<string, boolean>()) =>
  treeRows(DATA, opened, find).map((row) => row.id);

test("two levels are open at first, and each row knows its place and its level", () => {
  expect(shown()).toEqual([
    "",
    ".city",
    ".items",
    ".items[0]",
    ".items[1]",
    ".deep",
    ".deep.er",
    ".none",
  ]);
  const items = treeRows(DATA, new Map()).find((row) => row.id === ".items");
  expect(items).toMatchObject({ level: 2, size: 2, open: true, place: 2, of: 4, name: "items" });
});

test("what was opened or closed stays so", () => {
  const opened = new Map([
    [".items", false],
    [".deep.er", true],
  ]);
  expect(shown("", opened)).toEqual([
    "",
    ".city",
    ".items",
    ".deep",
    ".deep.er",
    ".deep.er.still",
    ".none",
  ]);
});

test("a filter shows what has the text, and what is around it", () => {
  expect(shown("WIND")).toEqual(["", ".items", ".items[1]", ".items[1].name"]);
  expect(shown("here")).toEqual(["", ".deep", ".deep.er", ".deep.er.still", ".deep.er.still.here"]);
  expect(shown("nothing like it")).toEqual([""]);
  const hits = treeRows(DATA, new Map(), "price").filter((row) => row.hit);
  expect(hits.map((row) => row.id)).toEqual([".items[0].price", ".items[1].price"]);
});

test("what was found by its name can be opened, and then shows all that is in it", () => {
  expect(shown("items")).toEqual(["", ".items"]);
  const opened = new Map([[".items", true]]);
  expect(shown("items", opened)).toEqual(["", ".items", ".items[0]", ".items[1]"]);
});

test("a way is what one writes for it in an expression", () => {
  expect(pathText("fetch", ["items", 0, "price"])).toBe("fetch.items[0].price");
  expect(pathText("fetch", ["unit price", "it's", "2nd"])).toBe(
    "fetch['unit price']['it\\'s']['2nd']",
  );
  expect(pathText("fetch", [])).toBe("fetch");
});

test("texts are copied as they are, all else as JSON", () => {
  expect(copied("a\nb")).toBe("a\nb");
  expect(copied({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(copied(null)).toBe("null");
});

test("every branch can be named, and a very long list is not drawn whole", () => {
  expect(branchesOf(DATA)).toEqual([
    "",
    ".items",
    ".items[0]",
    ".items[1]",
    ".deep",
    ".deep.er",
    ".deep.er.still",
  ]);
  expect(treeRows(Array(9_000).fill(1), new Map()).length).toBe(MOST_ROWS + 1);
});
