/** The panel as a widget of the left area: it looks at the server while it is shown. */
import { ReactWidget } from "@jupyterlab/ui-components";
import type { Message } from "@lumino/messaging";
import type { ReactElement } from "react";
import type { RulesModel } from "./model";
import { type Outside, Panel } from "./Panel";

export class RulesPanel extends ReactWidget {
  constructor(
    private readonly model: RulesModel,
    private readonly outside: Outside,
  ) {
    super();
    this.id = "flowbook-notifications";
    this.addClass("fb-runs-widget");
  }

  override dispose(): void {
    this.model.stop();
    super.dispose();
  }

  protected override render(): ReactElement {
    return <Panel model={this.model} outside={this.outside} />;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.start();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) this.model.start();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.stop();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (this.node.contains(document.activeElement)) return;
    this.node.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
  }
}
