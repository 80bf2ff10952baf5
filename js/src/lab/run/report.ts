/** The executed notebook of a job is the report of a run: from it, the way to that run's page. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import { historyIcon, ToolbarButton } from "@jupyterlab/ui-components";
import { RUN_COMMANDS } from "./acts";
import { runOfReport } from "./reportOf";

/** A command that opens the run of the report in front, and a button in the toolbar of each. */
export function leadToRuns(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker,
  trans: TranslationBundle,
): void {
  const runOf = (panel: NotebookPanel | null) =>
    panel?.context.isReady ? runOfReport(panel.context.model.sharedModel) : null;
  const label = trans.__("Open the Run of This Report");
  const open = (run: string | null) =>
    run === null ? undefined : app.commands.execute(RUN_COMMANDS.open, { run });
  app.commands.addCommand(RUN_COMMANDS.report, {
    label,
    icon: historyIcon,
    isEnabled: () => runOf(notebooks.currentWidget) !== null,
    isVisible: () => runOf(notebooks.currentWidget) !== null,
    execute: () => open(runOf(notebooks.currentWidget)),
  });
  const meet = async (panel: NotebookPanel) => {
    await panel.context.ready;
    if (panel.isDisposed || runOf(panel) === null) return;
    const onClick = () => void open(runOf(panel));
    const button = new ToolbarButton({ icon: historyIcon, tooltip: label, onClick });
    panel.toolbar.addItem("flowbook-run", button);
  };
  notebooks.forEach((panel) => void meet(panel));
  notebooks.widgetAdded.connect((_, panel) => void meet(panel));
}
