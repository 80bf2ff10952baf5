/**
 * The canvas of a notebook document as a widget of JupyterLab: the second view of its cells.
 *
 * Who answers for the flow is the link's to decide; a line above the canvas says so when it is not
 * the kernel. What is shown is the canvas bundle's own.
 */
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Message } from "@lumino/messaging";
import { type ISignal, Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import type { CanvasHandle, Transport } from "../protocol/handle";
import { aroundCanvas } from "./around";
import { loadBundle } from "./bundle";
import type { CanvasWay } from "./canvases";
import type { NotebookLink } from "./link";
import type { Context, Links } from "./links";
import { drawn } from "./rendering";
import type { LiveSettings } from "./settings";

export class FlowView extends Widget {
  /** The canvas, once it is drawn. */
  handle: CanvasHandle | null = null;
  link: NotebookLink | null = null;
  /** The canvas is there. */
  readonly drawn = new Signal<this, void>(this);
  private readonly place = document.createElement("div");
  private readonly notice = document.createElement("p");
  private readonly changes = new Signal<this, void>(this);
  private way: CanvasWay | null = null;

  constructor(
    readonly context: Context,
    links: Links,
    private readonly settings: LiveSettings,
    private readonly trans: TranslationBundle,
    /** Show when a flow runs by itself, and who is told of its runs. */
    private readonly shows: Required<Pick<Transport, "schedule" | "notify">>,
  ) {
    super();
    this.addClass("fb-lab");
    this.notice.className = "fb-lab-notice";
    this.notice.setAttribute("role", "status");
    this.notice.hidden = true;
    this.place.className = "fb-place fb-lab-place";
    this.node.append(this.notice, this.place);
    links.expect(context);
    loadBundle().catch(() => {}); // `begin` says why
    void context.ready.then(() => this.begin(links));
  }

  /** The selection is another, or what can be done, or who answers. */
  get changed(): ISignal<this, void> {
    return this.changes;
  }

  /** The node of a cell; null when it has none. */
  nodeOf(cell: string): string | null {
    return this.link?.canvases.nodeOf(cell) ?? null;
  }

  /** The cell of a node. */
  cellOf(node: string): string | null {
    return this.link?.canvases.cellOf(node) ?? null;
  }

  /** Do one of the canvas's own commands, if it has it. */
  execute(name: string): void {
    if (this.handle?.commands([name]).length) this.handle.execute(name);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.link?.changed.disconnect(this.onLink, this);
    this.handle?.dispose();
    this.way?.dispose();
    this.handle = null;
    Signal.clearData(this);
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.node.contains(document.activeElement)) this.handle?.focus();
  }

  private async begin(links: Links): Promise<void> {
    if (this.isDisposed) return;
    try {
      const bundle = await loadBundle();
      if (this.isDisposed) return;
      this.link = links.of(this.context);
      this.link.changed.connect(this.onLink, this);
      const around = { ...aroundCanvas(this.context, this.settings), ...drawn(), ...this.shows };
      this.way = Object.assign(this.link.transport(), around);
      this.handle = bundle.open(this.way, this.place);
      this.handle.onChange(() => this.changes.emit());
      this.drawn.emit();
      this.onLink();
    } catch (failure) {
      this.say(this.trans.__("The canvas could not be shown: %1", String(failure)));
    }
  }

  private onLink(): void {
    this.node.dataset.answering = this.link?.answering ?? "nobody";
    this.say(this.words());
    this.changes.emit();
  }

  /** Why the kernel does not answer; empty when it does. */
  private words(): string {
    const { trans } = this;
    switch (this.link?.answering) {
      case "absent":
        return trans.__(
          "This kernel has no flow: %1. The flow is shown as its cells say; to run it, choose another kernel.",
          this.link.reason,
        );
      case "server": {
        const { session } = this.context.sessionContext;
        const status = session?.kernel?.status;
        if (!session?.kernel || status === "dead")
          return trans.__("No kernel. The flow can be edited; Run starts one.");
        if (status === "restarting" || status === "autorestarting")
          return trans.__("The kernel is restarting. The flow can be edited meanwhile.");
        return trans.__("The flow is shown as its cells say until its kernel is ready.");
      }
      case "nobody":
        return this.link.reason === ""
          ? ""
          : trans.__(
              "The flow can be shown once its kernel has flowbook: the server cannot read it (%1).",
              this.link.reason,
            );
      default:
        return "";
    }
  }

  private say(words: string): void {
    if (this.notice.textContent !== words) this.notice.textContent = words;
    this.notice.hidden = words === "";
  }
}
