import { renderToString } from "preact-render-to-string";
import { describe, expect, test } from "vitest";
import { EVERYTHING } from "../../src/lab/runs/filter";
import { RunsModel, type View } from "../../src/lab/runs/model";
import { Panel } from "../../src/lab/runs/Panel";
import { heightOf, LINE } from "../../src/lab/runs/Row";
import { FakeApi, FakeSocket, run, settle, TRANS } from "./fake";

const OUTSIDE = {
  ...{ do: () => {}, deleteMatching: () => {}, copySql: () => {}, openCell: () => {} },
  ...{ noCell: () => "", newFlow: () => {} },
};

function shown(part: Partial<View> = {}, list: Partial<View["list"]> = {}): string {
  const model = new RunsModel(new FakeApi(), (since) => new FakeSocket(since), TRANS);
  model.view = { ...model.view, ...part, list: { ...model.view.list, ...list } };
  return renderToString(<Panel model={model} outside={OUTSIDE} />);
}

const READ = { known: true, phase: "ready" } as const;

describe("the panel says", () => {
  test("that it reads, before anything came", () => {
    expect(shown()).toContain("Reading the history");
  });

  test("how to begin, where nothing has run", () => {
    expect(shown({}, READ)).toContain("No runs yet");
  });

  test("that nothing matches, and how to see all", () => {
    const html = shown({ filter: { ...EVERYTHING, status: "failed" } }, READ);
    expect(html).toContain("No run matches");
    expect(html).toContain("Clear the Filter");
    expect(html).toContain("Remove the filter Status: Failed");
  });

  test("that the notebook in front has not run", () => {
    const html = shown({ only: true, notebook: "a/plans.ipynb" }, READ);
    expect(html).toContain("This notebook has not run yet");
    expect(html).toContain("Only plans.ipynb");
  });

  test.each([
    ["absent", "", "No flowbook on this server"],
    ["busy", "a fold holds it", "a fold holds it"],
    ["offline", "", "The server does not answer"],
    ["refused", "odd", "odd"],
  ] as const)("what is wrong when it is %s, and lets it be tried again", (kind, message, words) => {
    const failure = { message, hint: "do this", kind };
    const html = shown({}, { phase: "failed", failure });
    expect(html).toContain(words);
    expect(html).toContain('role="alert"');
    expect(html).toContain("Try Again");
  });

  test("how many runs are new above", () => {
    const html = shown({}, { ...READ, rows: [run(1)], held: [run(3), run(2)] });
    expect(html).toContain("2 new runs");
  });

  test("what a run is, in words and for those who hear it", () => {
    const failed = run(1, { status: "failed", error: "no table\nat load", pinned: true });
    const html = shown({ open: new Set([failed.id]) }, { ...READ, rows: [failed] });
    expect(html).toMatch(/aria-label="daily, Failed, Manual, started [^"]+, pinned, no table"/);
    expect(html).toContain("<pre");
    expect(html).toContain("no table\nat load");
    expect(html).toContain('aria-expanded="true"');
  });

  test("a refusal at the run it was of, or above when that is gone", () => {
    const failure = { message: "it is pinned", hint: "unpin it", kind: "refused" } as const;
    const refused = new Map([
      [run(1).id, failure],
      ["gone", { ...failure, message: "too late" }],
    ]);
    const html = shown({ refused }, { ...READ, rows: [run(1)] });
    const [above, row] = html.split('role="grid"');
    expect(above).toContain("too late");
    expect(above).not.toContain("it is pinned");
    expect(row).toContain("it is pinned");
    expect(row).toContain("unpin it");
  });

  test("what can be done with two that are chosen", () => {
    const selection = { active: "x", anchor: "x", chosen: new Set([run(1).id, run(2).id]) };
    const html = shown({ selection }, { ...READ, rows: [run(2), run(1)] });
    expect(html).toContain("2 selected");
    expect(html).toContain("Compare");
  });
});

test("only rows in view are drawn, of however many", () => {
  const rows = Array.from({ length: 10_000 }, (_, n) => run(10_000 - n));
  const html = shown({}, { ...READ, rows });
  expect(html.match(/role="row"/g)?.length).toBeLessThan(40);
  expect(html).toContain('aria-rowcount="10000"');
});

test("one row can be come to by Tab, and its buttons with it", () => {
  const html = shown({}, { ...READ, rows: [run(3), run(2), run(1)] });
  const rows = html.match(/<div[^>]*fb-runs-row[^>]*>/g) ?? [];
  expect(rows).toHaveLength(3);
  expect(rows.filter((one) => /tabindex="0"/i.test(one))).toHaveLength(1);
});

test("the height of a row is known from what it says", () => {
  const plain = { wide: false, open: false, refused: false };
  expect(heightOf(run(1), plain)).toBe(LINE.two);
  const failed = run(1, { error: "no" });
  expect(heightOf(failed, plain)).toBe(LINE.three);
  const long = run(1, { error: "no\n".repeat(40) });
  expect(heightOf(long, { ...plain, open: true, refused: true })).toBe(
    LINE.three + LINE.error + LINE.refused,
  );
  expect(heightOf(failed, { ...plain, open: true })).toBeLessThan(LINE.three + LINE.error);
  expect(heightOf(failed, { ...plain, wide: true })).toBe(LINE.wide);
});

test("news of what is in sight are said, a few by name and many by number", async () => {
  const api = new FakeApi();
  api.runs = [run(1, { status: "running" })];
  const model = new RunsModel(api, (since) => new FakeSocket(since), TRANS);
  model.start();
  await settle();
  model.told([run(1, { status: "failed" })], []);
  await expect.poll(() => model.view.said, { timeout: 5_000 }).toBe("daily: Failed");
});
