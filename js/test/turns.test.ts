/** What a canvas says of containers and of the nodes inside. */
import { expect, test } from "vitest";
import { again } from "../dev/rare";
import { mapped, mappedOver, mapping } from "../dev/scenes";
import { foldRun } from "../src/model/fold";
import { runView, statusOf } from "../src/model/run";
import {
  countsLabel,
  edgeStanding,
  spoken,
  standing,
  summary,
  tally,
  turnsLabel,
  turnsSpoken,
} from "../src/model/selectors";
import { INITIAL } from "../src/model/state";

function nodeOf(name: string) {
  const found = mapped().nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

test("a container says how many of its turns are over and how many failed", () => {
  const run = foldRun(null, mapping(45));
  expect(turnsLabel(run?.nodes.each_station?.turns)).toBe("45/100 (3 failed)");
  expect(standing(run?.nodes.each_station)).toBe("running");
  expect(spoken(nodeOf("each_station"), run?.nodes.each_station, 0, 0)).toContain(
    "45 of 100 turns done, 3 failed",
  );
});

test("turns that nobody counted beforehand have no total, and those without numbers no label", () => {
  const turns = { total: null, active: 1, succeeded: 2, failed: 0, reused: 0, counted: true };
  expect(turnsLabel(turns)).toBe("2 turns");
  expect(turnsLabel({ ...turns, counted: false })).toBe("");
  expect(turnsLabel(null)).toBe("");
});

test("turns that were taken over are told apart from those that ran", () => {
  const run = foldRun(null, again());
  const turns = run?.nodes.each_station?.turns;
  expect(turnsLabel(turns)).toBe("97/100 (97 reused)");
  expect(turnsSpoken(turns)).toBe("97 of 100 turns done, 97 reused");
  expect(turnsLabel({ ...turns, failed: 1 } as typeof turns)).toBe("98/100 (1 failed)");
});

test("a node inside is running while any of its turns is, and says how the others went", () => {
  const run = foldRun(null, mapping(45));
  const daily = run?.nodes.daily;
  expect(standing(daily)).toBe("running");
  expect(countsLabel(daily?.counts)).toBe("●2 ✓44 ✗3");
  expect(spoken(nodeOf("daily"), daily, 0, 0)).toContain(
    "in each_station, 2 running, 44 succeeded, 3 failed",
  );
  expect(standing(run?.nodes.publish)).toBe("idle");
});

test("the summary counts the nodes of the flow, and a caught failure is none of the run's", () => {
  const run = foldRun(null, mappedOver());
  if (run === null) throw new Error("there is a run");
  expect(statusOf(run)).toBe("succeeded");
  expect(standing(run.nodes.publish)).toBe("failed");
  expect(tally(run)).toMatchObject({ total: 4, done: 4, failed: 0 });
  expect(summary({ ...INITIAL, flow: mapped(), run })).toBe("Succeeded · 4 of 4 ran");
});

test("an edge inside carries what the turn that began last gave", () => {
  const run = foldRun(null, mappedOver());
  const edge = { source: "daily", output: "daily", target: "clean", input: "daily" };
  expect(edgeStanding(edge, run)).toBe("live");
});

test("nodes are copied once each, however many turns there are and however events are cut", () => {
  const events = mapping(45);
  let run = foldRun(null, events.slice(0, 3));
  for (const event of events.slice(3)) run = foldRun(run, [event]);
  const whole = foldRun(null, events);
  expect(run === null ? null : runView(run)).toEqual(whole === null ? undefined : runView(whole));
  expect(Object.keys(run?.nodes ?? {})).toHaveLength(8);
});
