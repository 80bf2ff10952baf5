import { describe, expect, test } from "vitest";
import { bodyOf, type Draft, draftOf, newDraft } from "../../src/lab/schedules/draft";
import type { Settings } from "../../src/lab/schedules/schedule";
import { momentOf, readingOf } from "../../src/lab/schedules/zoned";
import { TRANS } from "../runs/fake";

const NOW = new Date("2026-01-01T12:00:30.500Z");
const body = (change: Partial<Draft>) =>
  bodyOf({ ...newDraft("daily", "Europe/Berlin"), ...change }, NOW, TRANS);

describe("a reading of a clock", () => {
  test("is a moment in its zone, summer and winter", () => {
    expect(momentOf("2026-01-01T12:00", "Europe/Berlin")).toBe("2026-01-01T11:00:00.000Z");
    expect(momentOf("2026-07-01T12:00", "Europe/Berlin")).toBe("2026-07-01T10:00:00.000Z");
    expect(momentOf("2026-07-01T12:00", "Asia/Kolkata")).toBe("2026-07-01T06:30:00.000Z");
  });

  test("that is skipped is the moment of the change, and the first of two that are alike", () => {
    expect(momentOf("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:00:00.000Z");
    expect(momentOf("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
    expect(momentOf("2026-10-04T02:15", "Australia/Lord_Howe")).toBe("2026-10-03T15:30:00.000Z");
  });

  test("comes back as it was, at every hour of a year, in zones far apart", () => {
    for (const zone of ["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland"])
      for (let hour = 0; hour < 365 * 24; hour += 7) {
        const at = new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
        const again = momentOf(readingOf(at, zone), zone);
        // Of an hour that comes twice the first is meant.
        expect([0, 3_600_000]).toContain(Date.parse(at) - Date.parse(again ?? ""));
      }
  });

  test("is nothing where there is no such zone or time", () => {
    expect(momentOf("2026-01-01T12:00", "Europe/Bielefeld")).toBeNull();
    expect(momentOf("tomorrow", "UTC")).toBeNull();
    expect(readingOf("2026-01-01T12:00:00Z", "")).toBe("");
  });
});

describe("a draft", () => {
  test("is sent with when it comes said in one way", () => {
    expect(body({ cron: " 0 9 * * * " }).body).toMatchObject({ cron: "0 9 * * *", start: null });
    expect(body({ when: "every", every: "2", unit: "hours" }).body).toMatchObject({
      ...{ every: 7_200, start: "2026-01-01T12:00:00.000Z" },
    });
    const once = body({ when: "at", at: ["2026-07-01T12:00", ""] }).body;
    expect(once).toMatchObject({ at: ["2026-07-01T10:00:00.000Z"] });
    expect("cron" in once || "every" in once).toBe(false);
  });

  test("says by field what cannot be sent", () => {
    const { errors } = body({ name: " ", flow: "", input: "[1]", grace: "-1", jitter: "x" });
    expect(Object.keys(errors).sort()).toEqual(["flow", "grace", "input_data", "jitter", "name"]);
    expect(body({ input: "{" }).errors.input_data).toContain("no JSON");
    expect(body({ timezone: "Mars/Base", end: "2026-07-01T12:00" }).errors.end).toBeDefined();
  });

  test("of a schedule says the same as the schedule", () => {
    const settings: Settings = {
      ...{ every: 5_400, at: [], timezone: "Europe/Berlin", jitter: 5, enabled: false },
      ...{ start: "2026-07-01T10:00:00.000Z", end: null, input_data: { top: 3 } },
      overlap: "parallel",
      ...{ parallel: 2, catch_up: "all" as const, catch_up_most: 4, grace: 30 },
      after: ["load"],
    };
    const draft = draftOf({
      ...{ name: "n", flow: "daily", notebook: "", enabled: false, words: "", warnings: [] },
      ...{ next_run: null, next: [], slots: [], problem: null, settings },
    });
    expect(draft).toMatchObject({ every: "90", unit: "minutes", start: "2026-07-01T12:00" });
    const { at: _, ...rest } = settings;
    expect(bodyOf(draft, NOW, TRANS)).toEqual({ body: { flow: "daily", ...rest }, errors: {} });
  });
});
