import { describe, expect, it } from "vitest";
import { heights } from "../src/panels/Bars";
import { at, isSelected, moved } from "../src/panels/grid/cursor";
import { AS_IT_LIES, BLOCK, Pages } from "../src/panels/grid/pages";
import { ROW, scrolledTo, sight } from "../src/panels/grid/rows";
import type { Page, TablePreview } from "../src/protocol/generated";

const VIEW = 10 * ROW;

describe("rows in sight", () => {
  it("are those of the scrolled place, with some to spare", () => {
    const seen = sight(1000, 100 * ROW, VIEW);
    expect(seen).toMatchObject({ height: 1000 * ROW, scale: 1, first: 94, count: 22 });
    expect(seen.offset).toBe(94 * ROW);
  });

  it("reach the first and the last of ten million rows", () => {
    const rows = 10_000_000;
    const { height } = sight(rows, 0, VIEW);
    expect(height).toBeLessThan(16_000_000);
    const end = sight(rows, height - VIEW, VIEW);
    expect(end.first + end.count).toBe(rows);
    const last = end.offset + (rows - 1 - end.first) * ROW;
    expect(last + ROW).toBeCloseTo(height, 3);
    expect(sight(rows, 0, VIEW).first).toBe(0);
  });

  it("are drawn where the scroll bar stands, wherever that is", () => {
    for (const top of [0, 12_345.5, 4_000_000, 7_000_000]) {
      const seen = sight(10_000_000, top, VIEW);
      expect(seen.offset).toBeLessThanOrEqual(top);
      expect(seen.offset + seen.count * ROW).toBeGreaterThanOrEqual(top + VIEW);
    }
  });

  it("have a row among them that was scrolled to", () => {
    for (const rows of [500, 10_000_000])
      for (const row of [0, 77, rows - 1]) {
        const top = scrolledTo(row, rows, 0, VIEW);
        const seen = sight(rows, top, VIEW);
        expect(row).toBeGreaterThanOrEqual(seen.first);
        expect(row).toBeLessThan(seen.first + seen.count);
      }
    expect(scrolledTo(3, 500, 0, VIEW)).toBe(0);
  });
});

describe("the cursor", () => {
  const extent = { rows: 100, columns: 5, page: 10 };
  const press = (key: string, more = {}) => ({
    ...{ key, ctrlKey: false, metaKey: false, shiftKey: false },
    ...more,
  });

  it("moves by cells, pages, and to the ends, and stays inside", () => {
    expect(moved(at(0, 0), press("ArrowUp"), extent)).toEqual(at(0, 0));
    expect(moved(at(0, 0), press("ArrowDown"), extent)).toEqual(at(1, 0));
    expect(moved(at(95, 2), press("PageDown"), extent)).toEqual(at(99, 2));
    expect(moved(at(3, 2), press("Home"), extent)).toEqual(at(3, 0));
    expect(moved(at(3, 2), press("End", { ctrlKey: true }), extent)).toEqual(at(99, 4));
    expect(moved(at(3, 2), press("Home", { metaKey: true }), extent)).toEqual(at(0, 0));
    expect(moved(at(3, 2), press("x"), extent)).toBeNull();
  });

  it("draws a selection behind it with Shift, and selects all with Ctrl and A", () => {
    const wide = moved(at(3, 2), press("ArrowRight", { shiftKey: true }), extent) ?? at(0, 0);
    expect([isSelected(wide, 3, 2), isSelected(wide, 3, 3), isSelected(wide, 4, 3)]).toEqual([
      true,
      true,
      false,
    ]);
    const all = moved(at(3, 2), press("a", { ctrlKey: true }), extent) ?? at(0, 0);
    expect(isSelected(all, 0, 0) && isSelected(all, 99, 4)).toBe(true);
  });
});

describe("the pages of a table", () => {
  const columns = [{ name: "n", dtype: "int64", nulls: 0 }];
  const preview = {
    show: "table",
    columns,
    rows: [[0], [1]],
    total: 1000,
    width: 1,
  } as unknown as TablePreview;
  const source = { node: "clean", port: "clean", side: "out", scope: "" } as const;

  function table(most = BLOCK) {
    const asked: number[] = [];
    const pages = new Pages(
      source,
      async ({ start = 0, count = 0, descending }) => {
        asked.push(start);
        const some = Math.min(count, most, 1000 - start);
        const lies = Array.from({ length: some }, (_, i) =>
          descending ? 999 - start - i : start + i,
        );
        const told = { columns, rows: lies.map((one) => [one]), at: lies, start, total: 1000 };
        return { type: "PAGE", view: "", rid: 1, ...told, of: 1000, width: 1, none: "" } as Page;
      },
      preview,
    );
    return { pages, asked };
  }
  const rest = () => new Promise((done) => setTimeout(done));

  it("show what is known at once, and ask for what comes into sight, once", async () => {
    const { pages, asked } = table();
    expect(pages.row(1)).toEqual([1]);
    await rest();
    pages.look(340, 30);
    pages.look(341, 30);
    await rest();
    expect(asked).toEqual([0, 300]);
    expect([pages.row(345), pages.row(500)]).toEqual([[345], undefined]);
  });

  it("ask on where a page brought fewer rows than a block has", async () => {
    const { pages, asked } = table(60);
    await rest();
    pages.look(0, 30);
    await rest();
    expect(asked).toEqual([0, 60]);
    expect(pages.row(99)).toEqual([99]);
  });

  it("forget all rows for another order", async () => {
    const { pages } = table();
    await rest();
    pages.arrange({ sort: 0, descending: true });
    expect(pages.row(0)).toBeUndefined();
    await rest();
    expect([pages.row(0), pages.lies(0)]).toEqual([[999], 999]);
    expect(pages.known.order).toEqual({ ...AS_IT_LIES, sort: 0, descending: true });
  });

  it("are copied as text with tabs, also rows nobody has seen", async () => {
    const { pages } = table();
    await rest();
    expect(await pages.text(198, 201, 0, 0)).toBe("198\n199\n200\n201");
  });

  it("say why there is nothing to page", async () => {
    const pages = new Pages(source, () => Promise.reject(new Error("it is gone")), preview);
    await rest();
    expect(pages.known).toMatchObject({ note: "it is gone", asking: false });
    expect(pages.row(0)).toEqual([0]);
  });
});

describe("bars", () => {
  it("are as high as the most, and a pixel where there is little", () => {
    expect(heights([0, 1, 1000], 16)).toEqual([0, 1, 16]);
    expect(heights([], 16)).toEqual([]);
  });
});
