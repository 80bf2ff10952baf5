/**
 * A line of our own to the kernel of a notebook.
 *
 * A connection beside the document's, which would answer every widget of the notebook if it handled
 * comms, and whose comms would be lost with the notebook's view. Whether flowbook is loaded there
 * is asked with a `comm_info_request`, on the control channel so that a busy kernel answers, too: a
 * `comm_open` to a kernel without our target would leave an error in its log.
 *
 * The comm lives on a subshell where the kernel has any, so that it is heard while a cell runs.
 *
 * A line that was cut is back once the kernel has said that it knows our comm: by then what it says
 * arrives, which it need not as soon as the socket is open, and it is the kernel that we spoke with.
 */
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";
import type { OpenLine, Turn } from "./openLine";

export const TARGET = "flowbook.notebook";

type Json = KernelMessage.ICommOpenMsg<"shell">["content"]["data"];

/** How long a kernel that is reached again may be silent until it is asked once more. */
const PATIENCE_MS = 4_000;
/** How soon a cut line is tried: first, and at last. JupyterLab takes up to half a minute, and gives up. */
const FIRST_MS = 2_000;
const LAST_MS = 30_000;

export class Line implements OpenLine {
  private readonly comm = UUID.uuid4();
  private subshell: string | null = null;
  private isCut = false;
  private turned: (turn: Turn) => void = () => {};
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pause = FIRST_MS;
  private readonly onOnline = () => this.reconnect();

  private constructor(
    private readonly connection: Kernel.IKernelConnection,
    private readonly heard: (content: unknown) => void,
  ) {
    connection.connectionStatusChanged.connect(this.onConnection, this);
    globalThis.addEventListener("online", this.onOnline);
  }

  /** An open line, its first message sent; null when flowbook is not loaded in that kernel. */
  static async open(
    kernels: Kernel.IManager,
    model: Kernel.IModel,
    first: () => object,
    heard: (content: unknown) => void,
  ): Promise<Line | null> {
    const line = new Line(kernels.connectTo({ model, handleComms: false }), heard);
    try {
      await line.connection.info;
      if (await line.isLoaded()) {
        await line.begin(first);
        return line;
      }
    } catch (failure) {
      line.dispose();
      throw failure;
    }
    line.dispose();
    return null;
  }

  send(content: object): void {
    if (this.connection.isDisposed || this.connection.status === "dead") return;
    const message = KernelMessage.createMessage<KernelMessage.ICommMsgMsg<"shell">>({
      ...this.address,
      msgType: "comm_msg",
      content: { comm_id: this.comm, data: content as Json },
    });
    this.connection.sendShellMessage(message, false, true);
  }

  /** Let go of a kernel that goes on, and tell it. */
  async close(): Promise<void> {
    const { connection } = this;
    if (connection.isDisposed) return;
    this.leave();
    try {
      const message = KernelMessage.createMessage<KernelMessage.ICommCloseMsg<"shell">>({
        ...this.address,
        msgType: "comm_close",
        content: { comm_id: this.comm, data: {} },
      });
      await connection.sendShellMessage(message, false, true).done;
      if (this.subshell !== null)
        await connection.requestDeleteSubshell({ subshell_id: this.subshell }).done;
    } catch {
      // The kernel has gone meanwhile, and the comm with it.
    }
    connection.dispose();
  }

  /** Let go of a kernel that has gone. */
  dispose(): void {
    this.leave();
    this.connection.dispose();
  }

  onTurn(callback: (turn: Turn) => void): void {
    this.turned = callback;
  }

  reconnect(): void {
    const { connection } = this;
    if (connection.isDisposed || connection.connectionStatus === "connected") return;
    connection.reconnect().catch(() => {}); // it is tried again anyway
  }

  private leave(): void {
    clearTimeout(this.timer);
    globalThis.removeEventListener("online", this.onOnline);
    this.connection.iopubMessage.disconnect(this.onMessage, this);
    this.connection.connectionStatusChanged.disconnect(this.onConnection, this);
  }

  private onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    clearTimeout(this.timer);
    if (status === "connected") {
      if (this.isCut) void this.look();
      return;
    }
    this.tryLater();
    if (this.isCut) return;
    this.isCut = true;
    this.turned("cut");
  }

  private tryLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.reconnect();
      this.tryLater();
    }, this.pause);
    this.pause = Math.min(2 * this.pause, LAST_MS);
  }

  /** Who is there now? Asked until it is answered, or cut again. */
  private async look(): Promise<void> {
    const { connection } = this;
    const asked = this.ask();
    this.timer = setTimeout(() => {
      asked.dispose();
      void this.look();
    }, PATIENCE_MS);
    const { timer } = this;
    const reply = await asked.done.catch(() => null);
    if (this.timer !== timer || connection.isDisposed || !this.isCut || reply === null) return;
    clearTimeout(timer);
    this.pause = FIRST_MS;
    this.isCut = false;
    this.turned(this.comm in commsOf(reply) ? "back" : "gone");
  }

  private get address() {
    return {
      channel: "shell" as const,
      username: this.connection.username,
      session: this.connection.clientId,
      subshellId: this.subshell,
    };
  }

  private async isLoaded(): Promise<boolean> {
    return Object.keys(commsOf(await this.ask().done)).length > 0;
  }

  /** Ask for the comms of our target, which every kernel with flowbook has. */
  private ask() {
    const message = KernelMessage.createMessage<KernelMessage.ICommInfoRequestMsg>({
      ...this.address,
      msgType: "comm_info_request",
      content: { target_name: TARGET },
    });
    const control = { ...message, channel: "control" } as unknown as KernelMessage.IControlMessage;
    return this.connection.sendControlMessage(control, true, true);
  }

  private async begin(first: () => object): Promise<void> {
    if (this.connection.supportsSubshells) {
      const reply = await this.connection.requestCreateSubshell({}).done;
      this.subshell = reply.content.subshell_id ?? null;
    }
    this.connection.iopubMessage.connect(this.onMessage, this);
    const message = KernelMessage.createMessage<KernelMessage.ICommOpenMsg<"shell">>({
      ...this.address,
      msgType: "comm_open",
      content: { comm_id: this.comm, target_name: TARGET, data: first() as Json },
    });
    this.connection.sendShellMessage(message, false, true);
  }

  private onMessage(_: unknown, message: KernelMessage.IIOPubMessage): void {
    if (!KernelMessage.isCommMsgMsg(message) || message.content.comm_id !== this.comm) return;
    this.heard(message.content.data);
  }
}

function commsOf(reply: unknown): object {
  const { content } = reply as KernelMessage.ICommInfoReplyMsg;
  return content.status === "ok" ? content.comms : {};
}
