/** Which run a notebook is the report of. */
import { expect, it } from "vitest";
import { runOfReport } from "../../src/lab/run/reportOf";

interface Nbcell {
  readonly cell_type: string;
  readonly outputs?: readonly object[];
}

/** What of a shared notebook is looked at. */
function notebookOf(cells: readonly Nbcell[], about: unknown): Parameters<typeof runOfReport>[0] {
  const shared = {
    getMetadata: (key: string) => (key === "flowbook" ? about : undefined),
    cells: cells.map((cell) => ({ ...cell, toJSON: () => cell })),
  };
  return shared as unknown as Parameters<typeof runOfReport>[0];
}

const drawn = (run: unknown): Nbcell => ({
  cell_type: "code",
  outputs: [
    { output_type: "stream" },
    { output_type: "display_data", metadata: { flowbook: { run } } },
  ],
});

it("is what the notebook says of itself", () => {
  expect(runOfReport(notebookOf([drawn("b")], { run: "a" }))).toBe("a");
});

it("is else what its latest output is of", () => {
  const words: Nbcell = { cell_type: "markdown" };
  expect(runOfReport(notebookOf([drawn("a"), drawn("b"), words], { flow: "daily" }))).toBe("b");
});

it("is none of a notebook that was not executed, nor of outputs of others", () => {
  expect(runOfReport(notebookOf([{ cell_type: "code", outputs: [] }], undefined))).toBeNull();
  expect(runOfReport(notebookOf([drawn(3)], "flow"))).toBeNull();
});
