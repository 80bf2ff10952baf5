/**
 * JupyterLab's property inspector, at the right: while it is open it shows what is selected on the
 * canvas in front, in the canvas's own words, which then has no panel of its own beside it.
 */
import type { WidgetTracker } from "@jupyterlab/apputils";
import type { IPropertyInspectorProvider } from "@jupyterlab/property-inspector";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import type { FlowDocument } from "./flowDocument";
import type { FlowView } from "./flowView";

class Details extends Widget {
  private seen = false;

  constructor(private readonly content: FlowView) {
    super();
    this.addClass("fb-lab-details");
    this.addClass("fb-place");
    content.drawn.connect(this.show_, this);
    content.disposed.connect(() => this.dispose());
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.turn(this.isVisible);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.turn(true);
  }

  protected override onBeforeHide(message: Message): void {
    this.turn(false);
    super.onBeforeHide(message);
  }

  protected override onBeforeDetach(message: Message): void {
    this.turn(false);
    super.onBeforeDetach(message);
  }

  private turn(seen: boolean): void {
    this.seen = seen;
    this.show_();
  }

  private show_(): void {
    this.content.handle?.showDetails(this.seen ? this.node : null);
  }
}

export function addInspector(
  provider: IPropertyInspectorProvider,
  flows: WidgetTracker<FlowDocument>,
): void {
  flows.widgetAdded.connect((_, flow) => {
    provider.register(flow).render(new Details(flow.content));
  });
}
