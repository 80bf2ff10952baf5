import { expect, test } from "vitest";
import { blocksOf, spansOf } from "../src/model/markdown";

test("headings, paragraphs, lists and code are blocks", () => {
  const text = "# Why\nfirst\nline\n\n- one\n- two\n\n1. a\n\n```\nx = 1\n```\nlast";
  expect(blocksOf(text).map((one) => one.is)).toEqual([
    ...["heading", "paragraph", "list", "list", "code", "paragraph"],
  ]);
  expect(blocksOf(text)[1]).toEqual({
    is: "paragraph",
    spans: [{ is: "text", text: "first line" }],
  });
  expect(blocksOf("1. a\n2. b")[0]).toMatchObject({ ordered: true });
});

test("bold, italic, code and links are spans of a text", () => {
  expect(spansOf("a **b** *c* `d` [e](https://f.org)").map((one) => one.is)).toEqual([
    ...["text", "bold", "text", "italic", "text", "code", "text", "link"],
  ]);
});

test("a link that runs something, and HTML, are only text", () => {
  expect(spansOf("[x](javascript:alert(1))")[0]).toEqual({ is: "text", text: "x" });
  expect(spansOf("[x](data:text/html,1)")[0]).toEqual({ is: "text", text: "x" });
  expect(blocksOf("<b>x</b>")).toEqual([
    { is: "paragraph", spans: [{ is: "text", text: "<b>x</b>" }] },
  ]);
});

test("what is not finished stays as it is written", () => {
  expect(blocksOf("```\nx")).toEqual([{ is: "code", text: "x" }]);
  expect(spansOf("2 * 3 * 4 and **")).toEqual([{ is: "text", text: "2 * 3 * 4 and **" }]);
  expect(blocksOf("")).toEqual([]);
});
