/** Which run a notebook is the report of. */
import type { INotebookModel } from "@jupyterlab/notebook";

interface Output {
  readonly metadata?: { readonly flowbook?: unknown };
}
type Shared = INotebookModel["sharedModel"];

/** Of which run a notebook is the report: as it says of itself, else as its latest output does. */
export function runOfReport(notebook: Shared): string | null {
  const own = runIn(notebook.getMetadata("flowbook"));
  if (own !== null) return own;
  for (const cell of [...notebook.cells].reverse()) {
    const { outputs = [] } = cell.toJSON() as { readonly outputs?: readonly Output[] };
    for (const { metadata } of [...outputs].reverse()) {
      const found = runIn(metadata?.flowbook);
      if (found !== null) return found;
    }
  }
  return null;
}

function runIn(about: unknown): string | null {
  if (typeof about !== "object" || about === null) return null;
  const { run } = about as { readonly run?: unknown };
  return typeof run === "string" ? run : null;
}
