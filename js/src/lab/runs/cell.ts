/** The filter's query as a cell of the notebook in front. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";

/** The cell that asks it: one that runs as it stands. */
export function cellOf(sql: string): string {
  return `from flowbook import project\n\nproject().history.sql("""\n${escaped(sql)}\n""")`;
}

/** As it has to be written between three quotes. */
function escaped(sql: string): string {
  return sql.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"').replace(/"$/, '\\"');
}

/** The notebook a cell would go to: that in front, or that of the canvas in front. */
export function notebookInFront(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker | null,
): NotebookPanel | null {
  const current = app.shell.currentWidget as { readonly context?: unknown } | null;
  const context = current?.context;
  const same = context
    ? notebooks?.find((one) => one.context === context && !one.isDisposed)
    : undefined;
  return same ?? notebooks?.currentWidget ?? null;
}

/** Put it below the active cell, and go there. */
export function openAsCell(app: JupyterFrontEnd, panel: NotebookPanel, sql: string): void {
  const { content, context } = panel;
  const at = content.activeCellIndex + 1;
  const cell = { cell_type: "code" as const, source: cellOf(sql), metadata: {} };
  context.model.sharedModel.insertCell(at, cell);
  content.deselectAll();
  content.activeCellIndex = at;
  void content.scrollToItem(at, "smart");
  app.shell.activateById(panel.id);
}
