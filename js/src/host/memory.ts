/** A kernel made of plain functions, for tests and for the page developers look at. */
import type { KernelMessage, ViewMessage } from "../protocol/generated";
import type { RunPage } from "../protocol/runPage";
import type { Transport } from "./transport";

export class Memory implements Transport {
  readonly sent: ViewMessage[] = [];
  private readonly listeners: Array<(content: unknown) => void> = [];
  private readonly links: Array<(live: boolean) => void> = [];
  answer: (message: ViewMessage) => void = () => {};
  page?: RunPage;

  constructor(private readonly first: KernelMessage | null = null) {}

  send(message: ViewMessage): void {
    this.sent.push(message);
    this.answer(message);
  }

  opening(): unknown {
    return this.first;
  }

  onMessage(callback: (content: unknown) => void): void {
    this.listeners.push(callback);
  }

  onLink(callback: (live: boolean) => void): void {
    this.links.push(callback);
  }

  tell(content: unknown): void {
    for (const listener of this.listeners) listener(content);
  }

  link(live: boolean): void {
    for (const one of this.links) one(live);
  }
}
