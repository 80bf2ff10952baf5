/**
 * A line of our own to the kernel of a notebook.
 *
 * A connection beside the document's, which would answer every widget of the notebook if it handled
 * comms, and whose comms would be lost with the notebook's view. Whether flowbook is loaded there
 * is asked with a `comm_info_request`, on the control channel so that a busy kernel answers, too: a
 * `comm_open` to a kernel without our target would leave an error in its log.
 *
 * The comm lives on a subshell where the kernel has any, so that it is heard while a cell runs.
 */
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";

export const TARGET = "flowbook.notebook";

type Json = KernelMessage.ICommOpenMsg<"shell">["content"]["data"];

export class Line {
  private readonly comm = UUID.uuid4();
  private subshell: string | null = null;

  private constructor(
    private readonly connection: Kernel.IKernelConnection,
    private readonly heard: (content: unknown) => void,
  ) {}

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
    connection.iopubMessage.disconnect(this.onMessage, this);
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
    this.connection.dispose();
  }

  /** The connection was interrupted and is there again; messages may have been lost. */
  onReconnected(callback: () => void): void {
    let lost = false;
    this.connection.connectionStatusChanged.connect((_, status) => {
      if (status !== "connected") lost = true;
      else if (lost) {
        lost = false;
        callback();
      }
    });
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
    const message = KernelMessage.createMessage<KernelMessage.ICommInfoRequestMsg>({
      ...this.address,
      msgType: "comm_info_request",
      content: { target_name: TARGET },
    });
    const control = { ...message, channel: "control" } as unknown as KernelMessage.IControlMessage;
    const reply = await this.connection.sendControlMessage(control, true, true).done;
    const { content } = reply as unknown as KernelMessage.ICommInfoReplyMsg;
    return content.status === "ok" && Object.keys(content.comms).length > 0;
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
