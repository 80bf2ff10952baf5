import { expect, test } from "vitest";
import { families, kindsFor, usedLately } from "../src/model/kinds";
import { farness, hitIn, ranked } from "../src/model/ranking";
import type { KindView } from "../src/protocol/generated";

const order = (query: string, names: readonly string[]) =>
  ranked(query, names, (name) => [[name, 0]]);

function kind(name: string, family = "Data", words: readonly string[] = []): KindView {
  return {
    ...{ kind: name, title: name, summary: `what ${name} does`, family, body: "config" },
    ...{ contains: false, missing: "", words },
  };
}

test("what begins with the letters comes before a word of it, and that before the middle", () => {
  const names = ["unsorted", "bubble sort", "sort", "sort rows", "filter"];
  expect(order("sort", names)).toEqual(["sort", "sort rows", "bubble sort", "unsorted"]);
});

test("letters in their order are enough, but not any letters of a long text", () => {
  expect(order("flt", ["filter", "file", "sort"])).toEqual(["filter"]);
  expect(farness("rwt", "a long sentence about rows that are written to a table")).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(order("x", ["box", "ox", "a b"])).toEqual(["box", "ox"]);
});

test("every word has to be somewhere, in whatever field and case", () => {
  const items = [
    { name: "sort", text: "rows in another order" },
    { name: "filter", text: "rows that fit" },
  ];
  const found = ranked("ROWS filter", items, (one) => [
    [one.name, 0],
    [one.text, 6],
  ]);
  expect(found.map((one) => one.name)).toEqual(["filter"]);
});

test("equals keep their order, and no query keeps all", () => {
  expect(order("", ["b", "a"])).toEqual(["b", "a"]);
  expect(order("a", ["ab", "ac", "aa"])).toEqual(["ab", "ac", "aa"]);
});

test("kinds are found by other words for them, behind those that are called so", () => {
  const kinds = [kind("http", "Services", ["map"]), kind("map"), kind("sort")];
  expect(kindsFor("map", kinds).map((one) => one.kind)).toEqual(["map", "http"]);
});

test("what was added lately comes first, once, and what is gone not at all", () => {
  const kinds = [kind("http", "Services"), kind("sort"), kind("filter")];
  const groups = families(kinds, ["sort", "gone"]);
  expect(groups.map((one) => [one.title, one.kinds.map((each) => each.kind)])).toEqual([
    ["Recent", ["sort"]],
    ["Services", ["http"]],
    ["Data", ["sort", "filter"]],
  ]);
  expect(usedLately(["a", "b", "c", "d"], "c")).toEqual(["c", "a", "b", "d"]);
  expect(usedLately(["a", "b", "c", "d"], "e")).toEqual(["e", "a", "b", "c"]);
});

test("a hit is marked where it stands", () => {
  expect(hitIn(" RAIN ", "no rain today")).toEqual([3, 7]);
  expect(hitIn("", "text")).toBeNull();
  expect(hitIn("x", "text!")).toEqual([2, 3]);
});
