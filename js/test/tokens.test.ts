import { describe, expect, it } from "vitest";
import { tokens } from "../src/model/tokens";

const LANGUAGES = [
  "python",
  "sql",
  "javascript",
  "yaml",
  "jinja",
  "text",
  "template",
  "expression",
];
const PIECES = [
  "def ",
  "'",
  '"',
  '"""',
  "#",
  "--",
  "/*",
  "*/",
  "{{",
  "}}",
  "{%",
  "%}",
  "{#",
  "#}",
  "\n",
  "\\",
  "`",
  " ",
  "a.b",
  "12.5",
  "select",
  "$env.X",
  "é🙂",
  ":",
  "- ",
  "for",
  "'''",
  "[",
  ")",
  "f'",
  "{{{{",
  "\t",
];

/** Numbers that are the same every time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state;
  };
}

describe("tokens", () => {
  it("are the text, put together, in every language and for any text", () => {
    const next = dice(7);
    for (let round = 0; round < 400; round += 1) {
      const parts = Array.from({ length: next() % 14 }, () => PIECES[next() % PIECES.length]);
      const text = parts.join("");
      for (const language of LANGUAGES) {
        const made = tokens(text, language);
        expect(made.map((one) => one.text).join("")).toBe(text);
        expect(made.every((one) => one.text !== "")).toBe(true);
      }
    }
  });

  const kinds = (text: string, language: string) =>
    tokens(text, language)
      .filter((one) => one.kind !== "plain")
      .map((one) => `${one.kind} ${one.text}`);

  it("are those of Python", () => {
    expect(kinds("def f(x):  # why\n    return f'{x}' + 2", "python")).toEqual([
      "word def",
      "name f",
      "comment # why",
      "word return",
      "text f'{x}'",
      "number 2",
    ]);
    expect(kinds('"""a\nb""" + 1', "python")).toEqual(['text """a\nb"""', "number 1"]);
  });

  it("are those of SQL, whatever the case", () => {
    expect(kinds("Select sum(x) FROM t -- all", "sql")).toEqual([
      "word Select",
      "name sum",
      "word FROM",
      "comment -- all",
    ]);
  });

  it("are those of what is written in braces, which need not be closed", () => {
    expect(kinds("a {{ between(x, 1) }} b", "template")).toEqual([
      "mark {{",
      "name between",
      "number 1",
      "mark }}",
    ]);
    expect(kinds("{{ 'a", "template")).toEqual(["mark {{", "text 'a"]);
  });

  it("are found in a long text at once", () => {
    const text = `${"x = 'a' + 1  # note\n".repeat(20_000)}`;
    expect(tokens(text, "python").length).toBeGreaterThan(60_000);
  });
});
