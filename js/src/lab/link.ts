/**
 * The link between a notebook document and its kernel's flow: the kernel is told the cells as they
 * stand, and what changes the flow there changes them here, as one step of undo for each gesture.
 *
 * A kernel is asked whether it has flowbook when there is reason to believe so: a cell that speaks
 * of flows was run, or is there when the notebook opens. Whoever does not use flowbook never has a
 * message more. Cells that change while the kernel is busy are told when it is idle: a message on a
 * subshell ends with `idle`, too, and would make a busy kernel look idle. Nothing is lost by that,
 * for a gesture that meets a changed cell is refused, and made again from the newer text.
 */
import type { ISharedNotebook } from "@jupyter/ydoc";
import type { ISessionContext } from "@jupyterlab/apputils";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { decodeLink } from "../protocol/decodeLink";
import type { NotebookMessage, Patch } from "../protocol/generated";
import { Follower } from "./follower";
import { perform, refusal } from "./gesture";

const SETTLED = 250;
const SPEAKS_OF_FLOWS = /%flow|flowbook/;

/** A way to a kernel, as `Line` is one. */
export interface OpenLine {
  send(message: NotebookMessage): void;
  close(): Promise<void>;
  dispose(): void;
  onReconnected(callback: () => void): void;
}

/** What a link needs of the application. */
export interface Surroundings {
  /** A line to that kernel, opened with a first message; null when it has no flowbook. */
  open(
    kernel: Kernel.IModel,
    first: () => NotebookMessage,
    heard: (content: unknown) => void,
  ): Promise<OpenLine | null>;
  notify(message: string): void;
  /** The name of this document in this page: the same when the page is loaded again. */
  readonly view: string;
  readonly path: () => string;
  readonly isReadOnly: () => boolean;
}

type Session = Pick<ISessionContext, "iopubMessage" | "kernelChanged" | "statusChanged"> & {
  readonly session: {
    readonly kernel: Pick<Kernel.IKernelConnection, "model" | "status"> | null;
  } | null;
};

export class NotebookLink {
  private readonly follower: Follower;
  private line: OpenLine | null = null;
  /** Counts kernels: what was begun with one is not finished with the next. */
  private generation = 0;
  private opening = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asked: string | null = null;
  private disposed = false;

  constructor(
    private readonly shared: ISharedNotebook,
    private readonly session: Session,
    private readonly around: Surroundings,
  ) {
    this.follower = new Follower(shared, () => this.later());
    session.iopubMessage.connect(this.onMessage, this);
    session.kernelChanged.connect(this.onKernel, this);
    session.statusChanged.connect(this.onStatus, this);
    this.onKernel();
  }

  get isOpen(): boolean {
    return this.line !== null;
  }

  dispose(): void {
    this.disposed = true;
    this.session.iopubMessage.disconnect(this.onMessage, this);
    this.session.kernelChanged.disconnect(this.onKernel, this);
    this.session.statusChanged.disconnect(this.onStatus, this);
    const { line } = this;
    this.drop();
    void line?.close();
    this.follower.dispose();
  }

  // ---------------------------------------------------------------- finding the kernel

  private onKernel(): void {
    const { line } = this;
    this.drop();
    void line?.close();
    if (this.shared.cells.some((cell) => SPEAKS_OF_FLOWS.test(cell.getSource()))) this.open();
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (status === "restarting" || status === "autorestarting" || status === "dead") {
      this.line?.dispose();
      this.drop();
    } else if (status === "idle" && this.follower.anyPending) this.later();
  }

  /** A cell that speaks of flows was run, here or elsewhere on this kernel: is flowbook there now? */
  private onMessage(_: unknown, message: KernelMessage.IMessage): void {
    if (this.line !== null) return;
    const parent = (message.parent_header as { msg_id?: string }).msg_id ?? null;
    if (message.header.msg_type === "execute_input") {
      const { code } = message.content as KernelMessage.IExecuteInputMsg["content"];
      if (SPEAKS_OF_FLOWS.test(code)) this.asked = parent;
    } else if (message.header.msg_type === "status" && this.asked === parent && parent !== null) {
      const { execution_state } = message.content as KernelMessage.IStatusMsg["content"];
      if (execution_state !== "idle") return;
      this.asked = null;
      this.open();
    }
  }

  private open(): void {
    const kernel = this.session.session?.kernel;
    if (!kernel || this.line !== null || this.opening || this.disposed) return;
    const { generation } = this;
    this.opening = true;
    this.around
      .open(
        kernel.model,
        () => this.everything(),
        (content) => this.heard(content, generation),
      )
      .then(
        (line) => this.opened(line, generation),
        (failure) => {
          if (generation === this.generation) this.opening = false;
          console.warn(`flowbook: no link to the kernel: ${failure}`);
        },
      );
  }

  private opened(line: OpenLine | null, generation: number): void {
    if (generation !== this.generation) {
      line?.dispose();
      return;
    }
    this.opening = false;
    this.line = line;
    line?.onReconnected(() => line.send(this.everything()));
  }

  private drop(): void {
    this.generation += 1;
    this.line = null;
    this.opening = false;
    this.asked = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  // ---------------------------------------------------------------- what is told, and what is asked

  private everything(): NotebookMessage {
    const { view } = this.around;
    return { type: "CELLS", view, path: this.around.path(), cells: this.follower.whole() };
  }

  private later(): void {
    if (this.line === null) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.session.session?.kernel?.status === "busy" || !this.follower.anyPending) return;
      this.line?.send({ type: "CHANGED", changes: this.follower.take() });
    }, SETTLED);
  }

  private heard(content: unknown, generation: number): void {
    if (generation !== this.generation) return;
    const decoded = decodeLink(content);
    if (!decoded.ok)
      this.around.notify(`flowbook cannot read what the kernel says: ${decoded.reason}`);
    else if (decoded.message.type === "NOTICE") this.around.notify(decoded.message.message);
    else this.answer(this.perform(decoded.message), generation);
  }

  /** The first message may be answered before `open` has given us the line. */
  private answer(message: NotebookMessage, generation: number): void {
    if (this.line !== null) this.line.send(message);
    else setTimeout(() => generation === this.generation && this.line?.send(message), 0);
  }

  private perform(patch: Patch): NotebookMessage {
    const { rid } = patch;
    const refused = refusal(this.follower, patch, this.around.isReadOnly());
    if (refused === null) {
      perform(this.shared, this.follower, patch);
      return { type: "APPLIED", rid, changes: this.follower.take() };
    }
    if (!refused.stale || patch.last)
      this.around.notify(`${patch.label} is not in the notebook: ${refused.reason}`);
    return { type: "REFUSED_PATCH", rid, ...refused, changes: this.follower.take() };
  }
}
