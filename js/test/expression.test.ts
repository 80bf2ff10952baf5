import { describe, expect, it } from "vitest";
import { inExpression, inserted, ranked } from "../src/model/expression";
import { edited } from "../src/model/typing";
import type { Completion } from "../src/protocol/generated";

const item = (label: string, group: string, insert = label): Completion => ({
  label,
  group,
  insert,
  detail: "",
  preview: "",
});
const ITEMS = [
  item("len()", "function", "len("),
  item("limit", "parameter"),
  item("later", "wire"),
  item("list", "upstream"),
  item("value", "turn"),
];

describe("what is offered", () => {
  it("has what feeds the node before functions, and those before wires", () => {
    const labels = ranked(ITEMS, "").map((one) => one.label);
    expect(labels).toEqual(["value", "list", "limit", "len()", "later"]);
  });

  it("has what begins as typed before what holds it, and nothing else", () => {
    const labels = ranked(ITEMS, "l").map((one) => one.label);
    expect(labels).toEqual(["list", "limit", "len()", "later", "value"]);
    expect(ranked(ITEMS, "lmt").map((one) => one.label)).toEqual(["limit"]);
    expect(ranked(ITEMS, "zz")).toEqual([]);
  });

  it("is offered inside of braces, or anywhere in an expression", () => {
    expect(inExpression("a {{ b", 6, false)).toBe(true);
    expect(inExpression("a {{ b }} c", 11, false)).toBe(false);
    expect(inExpression("a", 1, true)).toBe(true);
  });

  it("takes the place of what was typed, with its brackets", () => {
    expect(inserted("{{ fe }}", 3, 5, item("fetch", "upstream"))).toEqual({
      text: "{{ fetch }}",
      at: 8,
    });
    expect(inserted("a.op", 2, 4, item("open hours", "field", '["open hours"]'))).toEqual({
      text: 'a["open hours"]',
      at: 15,
    });
    expect(inserted("le(x)", 0, 2, item("len()", "function", "len("))).toEqual({
      text: "len(x)",
      at: 4,
    });
  });
});

describe("keys in a text of code", () => {
  const at = (text: string) => {
    const start = text.indexOf("|");
    return { text: text.replace("|", ""), start, end: start };
  };
  const show = (one: ReturnType<typeof edited>) =>
    one && `${one.text.slice(0, one.start)}|${one.text.slice(one.start)}`;

  it("go on as deep as the line above, and deeper behind a colon", () => {
    expect(show(edited(at("  a|"), "Enter", false, "python"))).toBe("  a\n  |");
    expect(show(edited(at("if a:|"), "Enter", false, "python"))).toBe("if a:\n    |");
  });

  it("open a pair of brackets over three lines", () => {
    expect(show(edited(at("f(|)"), "Enter", false, "python"))).toBe("f(\n    |\n)");
    expect(show(edited(at("f(|"), "Enter", false, "yaml"))).toBe("f(\n  |");
  });

  it("indent a line, and lines that are selected", () => {
    expect(show(edited(at("a|"), "Tab", false, "python"))).toBe("a    |");
    const two = { text: "a\nb\nc", start: 0, end: 3 };
    expect(edited(two, "Tab", false, "yaml")?.text).toBe("  a\n  b\nc");
    const back = edited(two, "Tab", false, "yaml");
    expect(back && edited(back, "Tab", true, "yaml")?.text).toBe(two.text);
  });

  it("leave every other key alone", () => {
    expect(edited(at("a|"), "x", false, "python")).toBeNull();
  });
});
