/** Writing expressions: when names are offered, which come first, and what putting one in makes. */
import type { Completion } from "../protocol/generated";

/** True where a cursor stands inside of `{{ }}`, or anywhere in a bare expression. */
export function inExpression(text: string, at: number, bare: boolean): boolean {
  if (bare) return true;
  const before = text.slice(0, at);
  const open = before.lastIndexOf("{{");
  return open >= 0 && !before.slice(open).includes("}}");
}

const GROUPS = ["turn", "upstream", "field", "column", "parameter", "variable", "env", "secret"];

/** Those of `items` that fit what is typed, best first. */
export function ranked(
  items: readonly Completion[],
  word: string,
  most = 30,
): readonly Completion[] {
  const scored = items
    .map((item, place) => ({ item, score: score(item, word.toLowerCase()), place }))
    .filter((one) => one.score < NEVER);
  scored.sort((one, other) => one.score - other.score || one.place - other.place);
  return scored.slice(0, most).map((one) => one.item);
}

const NEVER = 1000;

function score(item: Completion, word: string): number {
  const label = item.label.toLowerCase();
  const group = GROUPS.indexOf(item.group);
  const base = item.group === "wire" ? 12 : group < 0 ? 10 : group;
  if (word === "" || label.startsWith(word)) return base;
  if (label.includes(word)) return base + 100;
  return within(label, word) ? base + 200 : NEVER;
}

/** True when the letters of `word` stand in `label` in their order. */
function within(label: string, word: string): boolean {
  let at = 0;
  for (const letter of word) {
    at = label.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

export interface Written {
  readonly text: string;
  readonly at: number;
}

/** The text with an item put in place of what was typed from `start` to `end`. */
export function inserted(text: string, start: number, end: number, item: Completion): Written {
  const dotless = item.insert.startsWith("[") && text[start - 1] === ".";
  const from = dotless ? start - 1 : start;
  const again = item.insert.endsWith("(") && text[end] === "(";
  const insert = again ? item.insert.slice(0, -1) : item.insert;
  const made = text.slice(0, from) + insert + text.slice(end);
  return { text: made, at: from + insert.length + (again ? 1 : 0) };
}

/** A literal as the text of an expression, and back where it is one. */
export function asExpression(text: string): string {
  return text.includes("{{") ? text : `{{ ${text === "" ? "" : JSON.stringify(text)} }}`;
}
