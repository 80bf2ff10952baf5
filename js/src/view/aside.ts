/** Where the page wants the details of what is selected: an element of its own, or beside the canvas. */
import { useSyncExternalStore } from "react";

export class Aside {
  /** null: beside the canvas. */
  place: HTMLElement | null = null;
  private readonly listeners = new Set<() => void>();

  show(place: HTMLElement | null): void {
    if (place === this.place) return;
    this.place = place;
    for (const one of [...this.listeners]) one();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): HTMLElement | null => this.place;
}

export function usePlaceAside(aside: Aside): HTMLElement | null {
  return useSyncExternalStore(aside.subscribe, aside.read);
}
