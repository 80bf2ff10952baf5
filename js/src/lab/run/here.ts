/**
 * A moment of a run in the kernel of its notebook: by a cell of the notebook that says so, where
 * everybody sees what was done, and can do it again.
 */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { NOTEBOOK } from "../flowDocument";
import { loadFlowbook } from "../loading";

const LOAD = "%load_ext flowbook";

/** The cell that opens a moment, or the run where it failed. */
export function cellOf(run: string, at: number | null): string {
  const where = at === null ? "--failed" : `--at ${at}`;
  return `%flow open ${run} ${where}`;
}

/** Show the notebook, put the cell at its end and run it; false where it has no kernel to run it. */
export async function openHere(
  app: JupyterFrontEnd,
  path: string,
  source: string,
): Promise<boolean> {
  const panel = (await app.commands.execute("docmanager:open", {
    path,
    factory: NOTEBOOK,
  })) as NotebookPanel | undefined;
  if (panel === undefined) return false;
  await panel.revealed;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) return false;
  const { content, context } = panel;
  const shared = context.model.sharedModel;
  const at = shared.cells.length;
  const loads = shared.cells.some((cell) => cell.getSource().includes(LOAD));
  // That cell may not have been run, and to repeat it here would only be remarked upon.
  if (loads) await loadFlowbook(app.serviceManager.kernels, kernel.model);
  shared.insertCell(at, {
    cell_type: "code",
    source: loads ? source : `${LOAD}\n${source}`,
    metadata: {},
  });
  content.deselectAll();
  content.activeCellIndex = at;
  app.shell.activateById(panel.id);
  await app.commands.execute("notebook:run-cell");
  await content.scrollToItem(at, "smart");
  return true;
}
