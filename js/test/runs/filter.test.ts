import { describe, expect, test } from "vitest";
import {
  asked,
  EVERYTHING,
  type Filter,
  matches,
  narrowing,
  readFilter,
  without,
} from "../../src/lab/runs/filter";
import { NOON, run } from "./fake";

const only = (part: Partial<Filter>): Filter => ({ ...EVERYTHING, ...part });
const HOUR = 3_600_000;

describe("a filter of runs", () => {
  test("asks for nothing when it leaves all open", () => {
    expect(asked(EVERYTHING, NOON)).toEqual({});
    expect(narrowing(EVERYTHING)).toEqual([]);
    expect(matches(EVERYTHING, run(1), NOON)).toBe(true);
  });

  test("asks with what it narrows by", () => {
    const filter = only({ status: "failed", flow: "daily", text: "  timeout ", pinned: false });
    expect(asked(filter, NOON)).toEqual({
      ...{ status: "failed", flow: "daily", text: "timeout", pinned: false },
    });
    expect(narrowing(filter)).toEqual(["status", "flow", "pinned", "text"]);
  });

  test("counts back from now, or from one time until another", () => {
    expect(asked(only({ range: "hour" }), NOON)).toEqual({ since: "2026-01-01T11:00:00.000Z" });
    const local = (at: number) => {
      const zone = new Date(at).getTimezoneOffset() * 60_000;
      return new Date(at - zone).toISOString().slice(0, 16);
    };
    const filter = only({ range: "custom", since: local(NOON), until: local(NOON + HOUR) });
    expect(asked(filter, 0)).toEqual({
      ...{ since: "2026-01-01T12:00:00.000Z", until: "2026-01-01T13:00:00.000Z" },
    });
    expect(matches(filter, run(0), 0)).toBe(true);
    expect(matches(filter, run(-1), 0)).toBe(false);
    expect(matches(filter, run(3600), 0)).toBe(false);
  });

  test("leaves open what is no time", () => {
    const filter = only({ range: "custom", since: "soon" });
    expect(asked(filter, NOON)).toEqual({});
    expect(narrowing(filter)).toEqual([]);
  });

  test.each([
    [only({ status: "failed" }), { status: "failed" }, { status: "running" }],
    [only({ trigger: "cron" }), { trigger: "cron" }, { trigger: "cli" }],
    [only({ flow: "daily" }), { flow: "daily" }, { flow: "weekly" }],
    [only({ pinned: true }), { pinned: true }, { pinned: false }],
    [only({ text: "TimeOut" }), { error: "a Timeout at load" }, { error: "no table" }],
    [only({ text: "RUN-00" }), { id: "run-0001" }, { id: "other-run-0001" }],
  ] as const)("judges a run as the server does: %j", (filter, yes, no) => {
    expect(matches(filter, run(1, yes), NOON)).toBe(true);
    expect(matches(filter, run(1, no), NOON)).toBe(false);
  });

  test("is taken apart part by part", () => {
    const filter = only({ status: "failed", range: "week", text: "x" });
    expect(without(filter, "when").range).toBe("any");
    expect(without(without(without(filter, "when"), "text"), "status")).toEqual(EVERYTHING);
  });

  test("is read out of anything, and what is not understood is open", () => {
    expect(readFilter(undefined)).toEqual(EVERYTHING);
    expect(readFilter("failed")).toEqual(EVERYTHING);
    expect(readFilter({ status: "exploded", range: 7, pinned: "yes", flow: null })).toEqual(
      EVERYTHING,
    );
    const whole = only({ status: "running", trigger: "cron", range: "day", pinned: true });
    expect(readFilter(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
  });
});
