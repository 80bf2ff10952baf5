import { describe, expect, test } from "vitest";
import { kept, outcome, type Slot } from "../../src/lab/schedules/schedule";

const SLOT: Slot = {
  ...{ scheduled_for: "2026-01-01T09:00:00Z", decided_at: "2026-01-01T09:00:01Z" },
  ...{ reason: "", detail: "", words: "ran", verdict: "run", run: "r1", run_status: "failed" },
};
const forgotten: Slot = { ...SLOT, run_status: null };
const without = (verdict: Slot["verdict"]): Slot => ({ ...forgotten, verdict, run: null });

describe("a slot", () => {
  test("went as its run did", () => {
    expect(outcome(SLOT)).toBe("failed");
    expect(kept(SLOT)).toEqual({ run: "r1", status: "failed" });
  });

  test("whose run was deleted has nothing to open", () => {
    expect(outcome(forgotten)).toBe("gone");
    expect(kept(forgotten)).toBeNull();
  });

  test("that has no run waits for one, or was skipped", () => {
    expect(outcome(without("wait"))).toBe("queued");
    expect(outcome(without("skip"))).toBe("skipped");
    expect(kept(without("wait"))).toBeNull();
  });
});
