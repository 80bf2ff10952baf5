/** The status bar: how the flow of the document in front stands. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { WidgetTracker } from "@jupyterlab/apputils";
import type { IStatusBar } from "@jupyterlab/statusbar";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { FlowDocument } from "./flowDocument";

/** How often it is written while a run goes on, in milliseconds. */
const RHYTHM = 300;

export class StatusItem extends Widget {
  readonly activeChanged = new Signal<this, void>(this);
  private shown: FlowDocument | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly trans: TranslationBundle) {
    super();
    this.addClass("fb-lab-status");
    this.addClass("jp-StatusBar-TextItem");
  }

  get isActive(): boolean {
    return this.shown !== null;
  }

  present(flow: FlowDocument | null): void {
    if (flow === this.shown) return;
    this.shown?.content.changed.disconnect(this.later, this);
    this.shown = flow;
    flow?.content.changed.connect(this.later, this);
    this.write();
    this.activeChanged.emit();
  }

  private later(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.write();
    }, RHYTHM);
  }

  private write(): void {
    if (this.isDisposed) return;
    const summary = this.shown?.content.handle?.summary();
    const { trans } = this;
    if (summary === undefined) {
      this.node.textContent = trans.__("Flow: none");
      return;
    }
    const errors = summary.errors;
    const wrong = errors > 0 ? ` · ${trans._n("%1 error", "%1 errors", errors)}` : "";
    this.node.textContent = `${trans.__("Flow: %1", summary.text)}${wrong}`;
  }
}

export function addStatusItem(
  bar: IStatusBar,
  app: JupyterFrontEnd,
  flows: WidgetTracker<FlowDocument>,
  trans: TranslationBundle,
): void {
  const item = new StatusItem(trans);
  bar.registerStatusItem("flowbook:status", {
    item,
    align: "left",
    rank: 30,
    isActive: () => item.isActive,
    activeStateChanged: item.activeChanged,
  });
  const look = () => {
    const current = app.shell.currentWidget;
    item.present(current instanceof FlowDocument ? current : null);
  };
  flows.currentChanged.connect(look);
  flows.widgetAdded.connect(look);
  (
    app.shell as { readonly currentChanged?: { connect(callback: () => void): void } }
  ).currentChanged?.connect(look);
}
