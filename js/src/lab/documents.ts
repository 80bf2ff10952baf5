/** The open flow documents, their notebooks, and how one leads to the other. */
import type { WidgetTracker } from "@jupyterlab/apputils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import { FACTORY, type FlowDocument, NOTEBOOK } from "./flowDocument";
import type { Context } from "./links";
import type { LiveSettings } from "./settings";

export class Documents {
  constructor(
    private readonly docs: IDocumentManager,
    readonly flows: WidgetTracker<FlowDocument>,
    private readonly notebooks: INotebookTracker | null,
    private readonly settings: LiveSettings,
  ) {}

  /** The notebook view of a document, if one is open. */
  notebookOf(context: Context): NotebookPanel | undefined {
    return this.notebooks?.find((panel) => panel.context === context && !panel.isDisposed);
  }

  flowOf(context: Context): FlowDocument | undefined {
    return this.flows.find((one) => one.context === context && !one.isDisposed);
  }

  /** Show the canvas of a notebook file, beside its notebook where that is open. */
  async openFlow(path: string, beside: string | null): Promise<FlowDocument | undefined> {
    const options = beside === null ? {} : { mode: this.settings.now.place, ref: beside };
    const opened = this.docs.openOrReveal(path, FACTORY, undefined, options);
    return opened as FlowDocument | undefined;
  }

  /** Show the notebook of a flow, beside its canvas. */
  openNotebook(flow: FlowDocument, activate = true): NotebookPanel | undefined {
    const options = { mode: "split-left" as const, ref: flow.id, activate };
    const open = this.notebookOf(flow.context);
    if (open !== undefined && !activate) return open;
    return this.docs.openOrReveal(flow.context.path, NOTEBOOK, undefined, options) as
      | NotebookPanel
      | undefined;
  }

  /** Call back when a notebook view of that document is closed; returns how to stop. */
  onNotebookClosed(context: Context, callback: () => void): () => void {
    const known = new Set<NotebookPanel>();
    const meet = (panel: NotebookPanel) => {
      if (panel.context !== context || known.has(panel)) return;
      known.add(panel);
      panel.disposed.connect(callback);
    };
    const onAdded = (_: unknown, panel: NotebookPanel) => meet(panel);
    this.notebooks?.forEach(meet);
    this.notebooks?.widgetAdded.connect(onAdded);
    return () => {
      this.notebooks?.widgetAdded.disconnect(onAdded);
      for (const panel of known) panel.disposed.disconnect(callback);
    };
  }
}
