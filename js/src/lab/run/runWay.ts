/**
 * The way between the canvas of a recorded run and the server: questions one by one, and what
 * happens meanwhile in a run that goes on.
 */
import type { Batch, Event, Snapshot, ViewMessage } from "../../protocol/generated";
import type { Transport } from "../../protocol/handle";
import { PageError, type RunPage } from "../../protocol/runPage";

/** Whoever tells what happens in the run, from behind an event on. */
export type Watch = (after: number) => void;

export class RunWay implements Transport {
  private readonly hearers: Array<(content: unknown) => void> = [];
  private readonly links: Array<(live: boolean) => void> = [];
  private number = 0;
  /** Details are asked for and answered at once, so answers overtake each other. */
  private looks = 0;
  private latest = 0;
  private lost = false;
  private disposed = false;

  constructor(
    readonly page: RunPage,
    private readonly watch: Watch,
    /** The run cannot be shown, and why. */
    private readonly failed: (failure: PageError) => void,
  ) {}

  send(message: ViewMessage): void {
    void this.ask(message);
  }

  opening(): unknown {
    return null;
  }

  onMessage(callback: (content: unknown) => void): void {
    this.hearers.push(callback);
  }

  onLink(callback: (live: boolean) => void): void {
    this.links.push(callback);
  }

  /** The run went on. */
  happened(events: readonly Event[]): void {
    if (this.number === 0) return; // nobody has heard how it began
    this.number += 1;
    const batch: Batch = { type: "BATCH", seq: this.number, events, progress: [], streams: [] };
    this.hear(batch);
  }

  /** The server is there again: ask for what was missed, where it was. */
  back(): void {
    if (!this.lost) return;
    this.lost = false;
    for (const link of this.links) link(true);
  }

  dispose(): void {
    this.disposed = true;
    this.hearers.length = 0;
    this.links.length = 0;
  }

  private async ask(message: ViewMessage): Promise<void> {
    let messages: readonly { readonly type: string }[];
    const look = message.type === "INSPECT" ? ++this.looks : null;
    try {
      const path = `runs/${this.page.run}/canvas`;
      ({ messages } = (await this.page.ask("POST", path, { message })) as {
        messages: readonly { readonly type: string }[];
      });
    } catch (reason) {
      this.refuse(message, reason);
      return;
    }
    if (this.disposed || (look !== null && look < this.latest)) return;
    this.latest = look ?? this.latest;
    for (const one of messages) this.hear(one.type === "SNAPSHOT" ? this.begun(one) : one);
  }

  /** Number what is told from here on, and have told what comes. */
  private begun(told: unknown): Snapshot {
    const snapshot = told as Snapshot;
    this.number += 1;
    const last = snapshot.run?.events.at(-1);
    if (last?.kind !== "RUN_COMPLETED") this.watch(last?.seq ?? -1);
    return { ...snapshot, seq: this.number };
  }

  private refuse(message: ViewMessage, reason: unknown): void {
    if (this.disposed) return;
    const failure = reason instanceof PageError ? reason : new PageError(String(reason), "", 0);
    if (message.type === "HELLO") {
      if (this.number === 0) this.failed(failure);
      else {
        this.lost = true;
        for (const link of this.links) link(false);
      }
      return;
    }
    const { message: text, hint } = failure;
    this.hear({
      ...{ type: "REFUSED", message: text, hint, problems: [] },
      view: "view" in message ? message.view : "",
      rid: "rid" in message ? message.rid : null,
    });
  }

  private hear(content: unknown): void {
    for (const hearer of this.hearers) hearer(content);
  }
}
