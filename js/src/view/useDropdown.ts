/** A button with a menu below it: what has the focus, and what closes it. */
import { type KeyboardEvent, type RefObject, useLayoutEffect, useRef, useState } from "react";

export interface Dropdown {
  readonly root: RefObject<HTMLSpanElement>;
  readonly open: boolean;
  readonly toggle: () => void;
  /** Close it, and give the button the focus. */
  readonly close: () => void;
  /** Keys of the menu. They stop here, or the canvas around would take them for its own. */
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

export function useDropdown(): Dropdown {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  // Before the next key, which may come before the next frame.
  useLayoutEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const away = (event: PointerEvent) => {
      if (root.current !== null && !event.composedPath().includes(root.current)) setOpen(false);
    };
    document.addEventListener("pointerdown", away, true);
    return () => document.removeEventListener("pointerdown", away, true);
  }, [open]);
  const close = () => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("button")?.focus();
  };
  const toggle = () => setOpen(!open);
  return { root, open, toggle, close, onKeyDown: (event) => keys(event, close) };
}

function keys(event: KeyboardEvent<HTMLElement>, close: () => void): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = {
    ArrowDown: at + 1,
    ArrowUp: at - 1 + items.length,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (to !== undefined) items[to % items.length]?.focus();
  else if (event.key !== "Enter" && event.key !== " ") return;
  if (event.key !== "Tab" && event.key !== "Enter" && event.key !== " ") event.preventDefault();
  event.stopPropagation();
}
