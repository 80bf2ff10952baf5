/// <reference types="node" />
/** Histories that Python's reducer folded: the browser's must see the same. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { foldRun } from "../src/model/fold";
import { runView } from "../src/model/run";
import { criticalSteps, type PathStep } from "../src/past/model/critical";
import type { Event } from "../src/protocol/generated";

const FOLDER = join(__dirname, "..", "..", "tests", "golden", "runs");

interface Golden {
  readonly name: string;
  readonly events: readonly Event[];
  readonly view: unknown;
  readonly critical: ReadonlyArray<PathStep>;
}

function goldens(): Golden[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Golden);
}

test("there are golden histories", () => {
  expect(goldens().length).toBeGreaterThan(0);
});

test.each(goldens().map((one) => [one.name, one] as const))("%s", (_, { events, view }) => {
  const run = foldRun(null, events);
  expect(run === null ? null : runView(run)).toEqual(view);
});

test.each(goldens().map((one) => [one.name, one] as const))(
  "%s, however it is cut into batches and without its log lines",
  (_, { events, view }) => {
    let run: ReturnType<typeof foldRun> = null;
    for (const event of events) if (event.kind !== "NODE_LOGGED") run = foldRun(run, [event]);
    expect(run === null ? null : runView(run)).toEqual(view);
  },
);

test.each(goldens().map((one) => [one.name, one] as const))(
  "the critical path of %s",
  (_, { events, critical }) => {
    expect(criticalSteps(events)).toEqual(critical);
  },
);
