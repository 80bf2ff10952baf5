/**
 * A kernel that restarted is heard of again.
 *
 * JupyterLab reaches it again by itself. But one that dies young comes back on other ports, and a
 * connection that was quicker goes to those of the dead kernel, and is never answered. So one that
 * is open and silent for a while is opened anew, for the document as well as for us.
 */
import type { Kernel } from "@jupyterlab/services";

/** What a restarted kernel is asked with. */
export type Reachable = Pick<
  Kernel.IKernelConnection,
  "status" | "connectionStatus" | "requestKernelInfo" | "reconnect"
>;

/** How long one may be silent: first, and at last. A kernel takes a second or two to come up. */
export const FIRST_MS = 8_000;
export const LAST_MS = 60_000;

export class Recall {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly kernel: () => Reachable | null,
    private readonly answered: () => void,
  ) {}

  /** It restarts. */
  begin(): void {
    this.wait(FIRST_MS);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  /** Nobody else may speak with it, and one that was restarted says "idle" only to who asks. */
  ask(): void {
    this.kernel()
      ?.requestKernelInfo()
      .then(this.answered, () => {}); // it has gone again
  }

  private wait(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(ms), ms);
  }

  private look(waited: number): void {
    const kernel = this.kernel();
    if (kernel?.status !== "unknown") return; // it was heard of, or will not be
    // A connection that is cut is opened anew by who cut it, or when the network is back.
    // The server may hand it what it kept of the old one, which answers and is deaf to all else: then
    // who asks is told, and opens a connection of their own.
    if (kernel.connectionStatus === "connected")
      kernel.reconnect().then(
        () => this.ask(),
        () => {},
      );
    this.wait(Math.min(2 * waited, LAST_MS));
  }
}
