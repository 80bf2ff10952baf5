/** The way to the kernel, whoever carries it. */
import type { ViewMessage } from "../protocol/generated";

export interface Transport {
  send(message: ViewMessage): void;
  /** What was known when the page opened: a `Snapshot`, or nothing. */
  opening(): unknown;
  onMessage(callback: (content: unknown) => void): void;
  /** `false`: nobody is at the other end any more. `true`: somebody is again. */
  onLink(callback: (live: boolean) => void): void;
}
