import {
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { type MenuItem, menuOf, typed } from "../../editor/menu";
import { keyLabel } from "../../view/keyLabel";
import { useCommands } from "../../view/useEditor";
import "./menu.css";

const TYPING_MS = 700;

/** What can be done with what is selected, at a place of the page. */
export function Menu({ x, y }: { readonly x: number; readonly y: number }) {
  const commands = useCommands();
  const { editor } = commands;
  const sections = useMemo(() => menuOf(commands), [commands]);
  const items = useMemo(() => sections.flat(), [sections]);
  const menu = useRef<HTMLDivElement>(null);
  const [at, show] = useState(0);
  // Keys may follow each other faster than they are drawn.
  const now = useRef(0);
  const setAt = (next: number) => {
    now.current = next;
    show(next);
  };
  useInside(menu, x, y);
  const close = useReturn(() => editor.change({ dialog: null }));
  useOutside(menu, () => editor.change({ dialog: null }));
  // Before the next key, which may come before the next frame.
  useLayoutEffect(() => {
    menu.current?.querySelectorAll<HTMLElement>('[role="menuitem"]')[at]?.focus();
  }, [at]);
  const choose = (item: MenuItem) => {
    close();
    commands.execute(item.name);
  };
  const byLetter = useTyped(items, setAt);
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    const next = moved(event.key, now.current, items.length);
    const item = items[now.current];
    if (next !== null) setAt(next);
    else if (event.key === "Escape" || event.key === "Tab") close();
    else if ((event.key === "Enter" || event.key === " ") && item !== undefined) choose(item);
    else if (event.key.length !== 1 || event.ctrlKey || event.metaKey) return;
    else byLetter(event.key, now.current);
    event.preventDefault();
  };
  let index = -1;
  return (
    <div
      ref={menu}
      className="fb-menu"
      role="menu"
      tabIndex={-1}
      aria-label="What can be done here"
      onKeyDown={key}
      onContextMenu={(event) => event.preventDefault()}
    >
      {sections.map((section) => (
        // biome-ignore lint/a11y/useSemanticElements: a section of a menu, not of a form
        <div key={section[0]?.name} role="group" className="fb-menu-section">
          {section.map((item) => {
            index += 1;
            const own = index;
            return (
              <button
                key={item.name}
                type="button"
                role="menuitem"
                className="fb-menu-item"
                tabIndex={own === at ? 0 : -1}
                aria-disabled={item.disabled !== ""}
                title={item.disabled || undefined}
                data-command={item.name}
                onPointerEnter={() => setAt(own)}
                onClick={() => choose(item)}
              >
                <span>{item.label}</span>
                {item.key !== "" && <kbd>{keyLabel(item.key)}</kbd>}
              </button>
            );
          })}
        </div>
      ))}
    </div>
  );
}

function moved(key: string, at: number, count: number): number | null {
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at + count - 1) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}

/** Letters typed in a row lead to the entry that begins so. */
function useTyped(items: readonly MenuItem[], go: (at: number) => void) {
  const text = useRef("");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (letter: string, at: number) => {
    clearTimeout(timer.current);
    text.current += letter;
    timer.current = setTimeout(() => {
      text.current = "";
    }, TYPING_MS);
    const from = text.current.length === 1 ? at + 1 : at;
    const found = typed(
      items.map((one) => one.label),
      text.current,
      from,
    );
    if (found >= 0) go(found);
  };
}

/** Close, and put the focus back to where it was. */
function useReturn(close: () => void): () => void {
  const before = useRef(document.activeElement);
  return () => {
    close();
    (before.current as HTMLElement | SVGElement | null)?.focus({ preventScroll: true });
  };
}

function useOutside(menu: RefObject<HTMLElement | null>, close: () => void): void {
  useEffect(() => {
    const press = (event: PointerEvent) => {
      if (!menu.current?.contains(event.target as Node)) close();
    };
    window.addEventListener("pointerdown", press, true);
    return () => window.removeEventListener("pointerdown", press, true);
  });
}

/** At that place of the page, but inside of the view. */
function useInside(menu: RefObject<HTMLElement | null>, x: number, y: number): void {
  useLayoutEffect(() => {
    const element = menu.current;
    const view = element?.closest(".fb-root")?.getBoundingClientRect();
    if (!element || view === undefined) return;
    const left = Math.max(4, Math.min(x - view.x, view.width - element.offsetWidth - 4));
    const top = Math.max(4, Math.min(y - view.y, view.height - element.offsetHeight - 4));
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
    element.style.maxHeight = `${view.height - 8}px`;
  }, [menu, x, y]);
}
