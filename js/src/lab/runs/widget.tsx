/** The panel as a widget of the left area: it listens to the server while it is shown. */
import { ReactWidget } from "@jupyterlab/ui-components";
import type { Message } from "@lumino/messaging";
import type { ReactElement } from "react";
import type { RunsModel } from "./model";
import { type Outside, Panel } from "./Panel";

export class RunsPanel extends ReactWidget {
  constructor(
    private readonly model: RunsModel,
    private readonly outside: Outside,
    /** The filter is as it was left: the list can be read. */
    private readonly ready: Promise<void>,
  ) {
    super();
    this.id = "flowbook-runs";
    this.addClass("fb-runs-widget");
  }

  protected override render(): ReactElement {
    return <Panel model={this.model} outside={this.outside} />;
  }

  override dispose(): void {
    this.model.stop();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.start();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.start();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.stop();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (this.node.contains(document.activeElement)) return;
    if (this.model.view.list.rows.length > 0) this.model.focus();
    else this.node.querySelector<HTMLElement>(".fb-runs-input")?.focus();
  }

  private start(): void {
    void this.ready.then(() => {
      if (this.isVisible) this.model.start();
    });
  }
}
