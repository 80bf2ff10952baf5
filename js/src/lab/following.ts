/**
 * Selecting a node shows its cell, and the other way round, without taking the focus; and going to
 * a cell, which does.
 */
import { PathExt } from "@jupyterlab/coreutils";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { Documents } from "./documents";
import type { FlowDocument } from "./flowDocument";
import type { LiveSettings } from "./settings";

export class Following {
  constructor(
    private readonly documents: Documents,
    private readonly notebooks: INotebookTracker | null,
    private readonly settings: LiveSettings,
  ) {
    notebooks?.activeCellChanged.connect(() => this.onCell());
    documents.flows.widgetAdded.connect((_, flow) => this.meet(flow));
  }

  /** Put the cursor into a cell, at a line, from 1, if one is meant; opens the notebook if it is not. */
  async goTo(flow: FlowDocument, cell: string, line?: number): Promise<void> {
    const panel = this.documents.openNotebook(flow);
    if (panel === undefined) return;
    await panel.revealed;
    await show(panel, cell, true);
    const { activeCell } = panel.content;
    if (line !== undefined)
      activeCell?.editor?.setCursorPosition({ line: Math.max(0, line - 1), column: 0 });
    panel.content.mode = "edit";
    panel.content.activate();
  }

  private meet(flow: FlowDocument): void {
    let selected = "";
    const { content } = flow;
    content.changed.connect(() => {
      const now = content.handle?.selected ?? [];
      const only = now.length === 1 ? (now[0] ?? "") : "";
      if (only === selected) return;
      selected = only;
      this.onNode(flow, only);
    });
    content.drawn.connect(() => {
      content.handle?.onGoToCell((cell, _, line) => {
        void this.goTo(flow, cell, line);
      });
      content.handle?.onMade((name) => {
        const path = PathExt.join(PathExt.dirname(flow.context.path), name);
        void this.documents.openFlow(path, null);
      });
    });
  }

  private onNode(flow: FlowDocument, node: string): void {
    if (!this.settings.now.follow) return;
    const cell = flow.content.cellOf(node);
    const panel = this.documents.notebookOf(flow.context);
    if (cell !== null && panel?.isVisible) void show(panel, cell);
  }

  private onCell(): void {
    const cell = this.notebooks?.activeCell?.model.id;
    const panel = this.notebooks?.currentWidget;
    if (!this.settings.now.follow || !panel || cell === undefined) return;
    const flow = this.documents.flowOf(panel.context);
    const handle = flow?.content.handle;
    const node = flow?.content.nodeOf(cell) ?? null;
    if (!handle || node === null || handle.selected.includes(node)) return;
    handle.reveal(node);
  }
}

/** Make it the active cell and bring it into view. */
async function show(panel: NotebookPanel, cell: string, anyway = false): Promise<void> {
  const { content } = panel;
  const index = content.widgets.findIndex((one) => one.model.id === cell);
  if (index < 0 || (index === content.activeCellIndex && !anyway)) return;
  content.deselectAll();
  if (!content.node.contains(document.activeElement)) content.mode = "command";
  content.activeCellIndex = index;
  await content.scrollToItem(index, "smart");
}
