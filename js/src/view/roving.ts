/** Arrow keys go through what takes the focus in a list, a menu or a toolbar. */
import type { KeyboardEvent } from "react";

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowRight: 1,
  ArrowUp: -1,
  ArrowLeft: -1,
};

/** Move the focus among what `selector` finds in `event.currentTarget`; true when it was such a key. */
export function rove(event: KeyboardEvent<HTMLElement>, selector: string): boolean {
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)];
  const step = STEPS[event.key];
  const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : null;
  if (step === undefined && to === null) return false;
  const at = all.indexOf(event.target as HTMLElement);
  const next = to ?? Math.min(all.length - 1, Math.max(0, at + (step ?? 0)));
  all[next]?.focus();
  event.preventDefault();
  event.stopPropagation();
  return true;
}
