import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paced } from "../src/past/model/pace";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first change is told at once, the last one is never lost, and few in between", () => {
  let value = 0;
  const told: number[] = [];
  const pace = paced(() => told.push(value), 100, Date.now);
  for (let i = 0; i < 50; i++) {
    value = i;
    pace.hear();
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(1000);
  expect(told[0]).toBe(0);
  expect(told.at(-1)).toBe(49);
  expect(told.length).toBeLessThanOrEqual(7);
});

test("changes that come slowly are all told at once", () => {
  const tell = vi.fn();
  const pace = paced(tell, 100, Date.now);
  for (let i = 1; i <= 5; i++) {
    pace.hear();
    expect(tell).toHaveBeenCalledTimes(i);
    vi.advanceTimersByTime(150);
  }
});

test("who has stopped hears no more", () => {
  const tell = vi.fn();
  const pace = paced(tell, 100, Date.now);
  pace.hear();
  pace.hear();
  pace.stop();
  vi.advanceTimersByTime(1000);
  expect(tell).toHaveBeenCalledTimes(1);
});
