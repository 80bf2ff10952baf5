/** Who answers for the flow of a document: a kernel, or the server while there is none. */
import type { NotebookMessage, ViewMessage } from "../protocol/generated";

export type LineMessage = NotebookMessage | ViewMessage;

export type Turn = "cut" | "back" | "gone";

export interface OpenLine {
  send(message: LineMessage): void;
  /** Let go of somebody who goes on, and tell them. */
  close(): Promise<void>;
  /** Let go of somebody who has gone. */
  dispose(): void;
  /**
   * `cut`: nobody is reached, and what was sent may be lost. `back`: somebody is again, who waits to
   * be told all cells. `gone`: whoever answered is not there any more.
   */
  onTurn(callback: (turn: Turn) => void): void;
  /** Try now what is tried from time to time anyway. */
  reconnect(): void;
}
