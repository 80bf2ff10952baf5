/**
 * All events of the run that a page shows, whichever moment of it is looked at.
 *
 * While a moment is held, what happens meanwhile is kept here and the view is told nothing of it.
 */
import type { Event, KernelMessage } from "../protocol/generated";

export class Tape {
  events: readonly Event[] = [];
  /** So many of the events are looked at; null: all, and those that come. */
  held: number | null = null;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** What the view is to hear of a message. */
  take(message: KernelMessage): KernelMessage {
    if (message.type === "SNAPSHOT") {
      const { run } = message;
      this.grow(run?.events ?? []);
      if (run === null || this.held === null) return message;
      return { ...message, run: { ...run, events: this.events.slice(0, this.held), progress: [] } };
    }
    if (message.type === "BATCH") {
      const last = this.events.at(-1)?.seq ?? -1;
      const fresh = message.events.filter(({ seq }) => seq > last);
      if (fresh.length > 0) this.grow([...this.events, ...fresh]);
      if (this.held !== null) return { ...message, events: [], progress: [], streams: [] };
      return { ...message, events: fresh };
    }
    return message;
  }

  private grow(events: readonly Event[]): void {
    this.events = events;
    for (const listener of [...this.listeners]) listener();
  }
}
