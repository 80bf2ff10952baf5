/**
 * One view's conversation with the kernel: greets, keeps the store in step, asks again after a
 * gap, and notices when nobody answers.
 */
import type { Store } from "../model/store";
import { decode } from "../protocol/decode";
import type { Place, ViewMessage } from "../protocol/generated";
import type { Transport } from "./transport";

/** How long a greeting may stay unanswered; a busy kernel without subshells takes its time. */
const PATIENCE_MS = 8_000;

export class Session {
  readonly view = Math.random().toString(36).slice(2, 10);
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly store: Store,
    private readonly transport: Transport,
  ) {
    transport.onMessage((content) => this.hear(content));
    transport.onLink((live) => (live ? this.hello() : this.lose()));
    const opening = transport.opening();
    if (opening) this.hear(opening);
    this.hello();
  }

  run(params: Readonly<Record<string, unknown>>): void {
    this.store.change({ refused: null });
    this.ask({ type: "RUN", params });
  }

  cancel(): void {
    this.ask({ type: "CANCEL" });
  }

  inspect(node: string): void {
    this.send({ type: "INSPECT", view: this.view, node });
  }

  move(positions: Readonly<Record<string, Place>>): void {
    this.send({ type: "MOVE", positions });
  }

  tidyUp(): void {
    this.send({ type: "TIDY_UP" });
  }

  dismiss(): void {
    this.store.change({ refused: null });
  }

  hello(): void {
    this.ask({ type: "HELLO", view: this.view });
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private hear(content: unknown): void {
    const decoded = decode(content);
    clearTimeout(this.timer);
    if (!decoded.ok) {
      this.store.change({
        refused: {
          type: "REFUSED",
          message: `The kernel sent what this page cannot read: ${decoded.reason}`,
          hint: "Reload the page. If that does not help, restart the kernel.",
          problems: [],
        },
      });
      return;
    }
    const { message } = decoded;
    if (message.type === "DETAILS" && message.view !== this.view) return;
    const wasBehind = this.store.state.behind;
    this.store.receive(message);
    if (this.store.state.behind && !wasBehind) this.hello();
  }

  /** Send what must be answered, and notice when it is not. */
  private ask(message: ViewMessage): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lose(), PATIENCE_MS);
    this.send(message);
  }

  private send(message: ViewMessage): void {
    try {
      this.transport.send(message);
    } catch {
      this.lose(); // the comm is closed: the kernel went away
    }
  }

  private lose(): void {
    clearTimeout(this.timer);
    this.store.change({ connection: "lost" });
  }
}
