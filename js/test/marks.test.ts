/// <reference types="node" />
/** Cards draw a state as a path, panels as a mask of theme.css: it has to be the same sign. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MARKS, RING } from "../src/view/marks";

const theme = readFileSync(join(__dirname, "..", "src", "view", "theme.css"), "utf8");

/** What theme.css draws for a state: the mark of the last rule that is about it. */
function markOf(status: string): string {
  const rules = [...theme.matchAll(/([^{}]+)\{([^{}]*--fb-mark:[^{}]*)\}/g)];
  const own = rules.filter(([, about]) => about?.includes(`[data-status="${status}"]`));
  const usual = rules.find(([, about]) => about?.trim().endsWith("[data-status]"));
  return decodeURIComponent((own.at(-1) ?? usual)?.[2] ?? "");
}

test.each(Object.entries(MARKS))("%s has one sign everywhere", (status, path) => {
  const mark = markOf(status);
  const inner = path.replace(RING, "");
  expect(mark.includes("<circle")).toBe(path.startsWith(RING));
  if (inner !== "") expect(mark).toContain(`d='${inner}'`);
});
