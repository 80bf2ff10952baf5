import { describe, expect, test } from "vitest";
import { type Draft, newDraft } from "../../src/lab/schedules/draft";
import { type Editing, standingOf } from "../../src/lab/schedules/editing";
import type { Checked, Refusal } from "../../src/lab/schedules/schedule";
import { TRANS } from "../runs/fake";

const TAKEN: Checked = { valid: true, words: "At 09:00", warnings: [], next: [], refused: null };

/** What the server says of a draft that it refuses. */
function refusing(refused: Partial<Refusal>): Checked {
  return {
    ...TAKEN,
    valid: false,
    refused: { message: "no", hint: null, field: null, ...refused },
  };
}

function standing(change: Partial<Draft>, about: Partial<Editing> = {}) {
  const draft = { ...newDraft("daily", "UTC"), ...change };
  const editing: Editing = {
    ...{ of: null, draft, checked: TAKEN, current: true, saving: false, refused: null },
    ...about,
  };
  return standingOf(editing, new Date("2026-01-01T12:00:00Z"), TRANS);
}

describe("what is written", () => {
  test("can be saved once the server would take this very draft", () => {
    expect(standing({})).toEqual({ faults: {}, sendable: true, savable: true });
  });

  test.each([
    ["it was not asked", { checked: null }],
    ["it was asked of another draft", { current: false }],
    ["it would refuse it", { checked: refusing({ field: "cron" }) }],
    ["it is saving it", { saving: true }],
  ])("can be sent, but not be saved, while of the server holds: %s", (_, about) => {
    expect(standing({}, about)).toMatchObject({ sendable: true, savable: false });
  });

  test("cannot be sent with a fault that is found here, which its field says", () => {
    const { faults, ...may } = standing({ name: " ", jitter: "x" });
    expect(may).toEqual({ sendable: false, savable: false });
    expect(Object.keys(faults).sort()).toEqual(["jitter", "name"]);
  });

  test("has at its field what the server refuses, and what to do", () => {
    const checked = refusing({ field: "cron", message: "25 is no hour", hint: "Write 0 to 23." });
    expect(standing({}, { checked }).faults).toEqual({ cron: "25 is no hour Write 0 to 23." });
    const curt = refusing({ field: "cron", message: "25 is no hour" });
    expect(standing({}, { checked: curt }).faults).toEqual({ cron: "25 is no hour" });
  });

  test("has no fault of the server's that is of another draft, or of no field", () => {
    const checked = refusing({ field: "cron" });
    expect(standing({}, { checked, current: false }).faults).toEqual({});
    expect(standing({}, { checked: refusing({}) }).faults).toEqual({});
  });

  test("says of a field what is found here before what the server found", () => {
    const { faults } = standing({ grace: "-1" }, { checked: refusing({ field: "grace" }) });
    expect(faults.grace).toContain("from 0 on");
  });
});
