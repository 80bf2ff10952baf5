import { describe, expect, test } from "vitest";
import { type Key, pressed } from "../../src/lab/runs/keys";
import { choose, kept, NOBODY, type Selection } from "../../src/lab/runs/selection";
import { offsets, rowAt, span } from "../../src/lab/runs/span";
import { dice } from "./fake";

const IDS = ["a", "b", "c", "d", "e"];
const key = (name: string, over: Partial<Key> = {}): Key => ({
  ...{ key: name, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false },
  ...over,
});
const SHIFT = { shiftKey: true };
const CTRL = { ctrlKey: true };

function press(selection: Selection, ...keys: readonly Key[]): Selection {
  return keys.reduce((now, one) => pressed(now, IDS, 3, one) ?? now, selection);
}

const chosen = ({ chosen }: Selection) => [...chosen].sort().join("");

describe("the selection of runs", () => {
  test("goes by arrows, pages and ends, and stays inside", () => {
    const at = (...keys: readonly Key[]) => press(NOBODY, ...keys).active;
    expect(at(key("ArrowDown"))).toBe("a");
    expect(at(key("ArrowDown"), key("ArrowDown"))).toBe("b");
    expect(at(key("End"), key("ArrowDown"))).toBe("e");
    expect(at(key("Home"), key("PageDown"))).toBe("d");
    expect(at(key("End"), key("PageUp"), key("PageUp"))).toBe("a");
  });

  test("is extended with Shift, from where it began", () => {
    const two = press(choose(NOBODY, IDS, "b"), key("ArrowDown", SHIFT), key("ArrowDown", SHIFT));
    expect(chosen(two)).toBe("bcd");
    expect(chosen(press(two, key("Home", SHIFT)))).toBe("ab");
    expect(chosen(press(two, key("ArrowDown")))).toBe("e");
  });

  test("is put together with Ctrl and Space", () => {
    const moved = press(choose(NOBODY, IDS, "a"), key("ArrowDown", CTRL), key("ArrowDown", CTRL));
    expect(moved.active).toBe("c");
    expect(chosen(moved)).toBe("a");
    expect(chosen(press(moved, key(" ")))).toBe("ac");
    expect(chosen(press(moved, key(" "), key(" ")))).toBe("a");
  });

  test("takes all, and Escape leaves the active one", () => {
    const all = press(choose(NOBODY, IDS, "b"), key("a", CTRL));
    expect(chosen(all)).toBe("abcde");
    expect(chosen(press(all, key("Escape")))).toBe("b");
  });

  test("leaves other keys alone", () => {
    for (const one of [key("x"), key("Enter"), key("Escape"), key("ArrowDown", { altKey: true })])
      expect(pressed(choose(NOBODY, IDS, "b"), IDS, 3, one)).toBeNull();
  });

  test("goes to the next row when the active one is gone, or to the one before", () => {
    const rest = (active: string, left: readonly string[]) =>
      kept(choose(NOBODY, IDS, active), IDS, left);
    expect(rest("c", ["a", "b", "d", "e"]).active).toBe("d");
    expect(rest("e", ["a", "b"]).active).toBe("b");
    expect(rest("c", []).active).toBeNull();
    expect(chosen(rest("c", ["a", "e"]))).toBe("e");
  });

  test("is the same when nothing of it is gone", () => {
    const selection = choose(NOBODY, IDS, "b");
    expect(kept(selection, IDS, ["b", "e"])).toBe(selection);
    const both = choose(selection, IDS, "e", "toggle");
    expect(chosen(kept(both, IDS, ["a", "b"]))).toBe("b");
  });
});

describe("the rows in view", () => {
  test("begin where those before them end", () => {
    expect([...offsets([10, 20, 5])]).toEqual([0, 10, 30, 35]);
    expect(span(offsets([]), 0, 100, 2)).toEqual([0, 0]);
  });

  test.each([1, 2, 3])("are found by their height, %i", (seed) => {
    const roll = dice(seed);
    const heights = Array.from({ length: 500 }, () => 30 + roll(100));
    const tops = offsets(heights);
    for (let n = 0; n < 200; n++) {
      const y = roll((tops.at(-1) as number) + 500);
      const row = rowAt(tops, y);
      expect(tops[row]).toBeLessThanOrEqual(y);
      if (row < 499) expect(tops[row + 1]).toBeGreaterThan(y);
      const [from, to] = span(tops, y, 600, 0);
      expect(tops[from]).toBeLessThanOrEqual(y);
      expect(tops[to] as number).toBeGreaterThanOrEqual(Math.min(y + 600, tops.at(-1) as number));
    }
  });
});
