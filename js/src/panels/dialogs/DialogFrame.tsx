import "./dialogs.css";
import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef } from "react";
import type { Editor } from "../../editor/editor";
import { Icon } from "../../view/icons";
import { useEditor } from "../../view/useEditor";

/** Close the window; goes on once the focus is back where it came from, and can be sent elsewhere. */
export function closed(editor: Editor): Promise<void> {
  editor.change({ dialog: null });
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex]:not([tabindex="-1"])';

interface DialogFrameProps {
  readonly title: string;
  /** Narrow for a question, wide for a list; beside the canvas, so that it stays in sight. */
  readonly shape?: "narrow" | "wide" | "full" | "beside";
  readonly onClose?: () => void;
  readonly children: ReactNode;
}

/**
 * A window over the canvas: named, modal, closed by Escape and by a click beside it. The focus goes
 * to what has `data-focus`, else to the first thing that takes it, and stays inside; where it goes
 * afterwards is the affair of `Dialogs`.
 */
export function DialogFrame({ title, shape = "narrow", onClose, children }: DialogFrameProps) {
  const editor = useEditor();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const close = onClose ?? (() => editor.change({ dialog: null }));

  useLayoutEffect(() => {
    const wanted = box.current?.querySelector<HTMLElement>("[data-focus]");
    (wanted ?? focusable(box.current)[1] ?? box.current)?.focus({ preventScroll: true });
  }, []);

  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.key === "Escape") {
      close();
      event.preventDefault();
    } else if (event.key === "Tab") around(event, box.current);
    // What is held with a letter may be the page's own (Ctrl+S); the rest is ours alone.
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  };
  return (
    <div
      className="fb-over"
      data-shape={shape}
      onPointerDown={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        close();
      }}
    >
      <div
        ref={box}
        className="fb-dialog"
        role="dialog"
        aria-modal="true"
        aria-labelledby={id}
        tabIndex={-1}
        onKeyDown={keys}
      >
        <div className="fb-dialog-head">
          <h2 id={id}>{title}</h2>
          <button
            type="button"
            className="fb-tool"
            aria-label="Close"
            title="Close (Escape)"
            onClick={close}
          >
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </div>
  );
}

function focusable(box: HTMLElement | null): readonly HTMLElement[] {
  return [...(box?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])].filter(
    (one) => one.getClientRects().length > 0,
  );
}

/** Tab goes round inside of the window. */
function around(event: KeyboardEvent, box: HTMLElement | null): void {
  const all = focusable(box);
  const at = all.indexOf(event.target as HTMLElement);
  const last = event.shiftKey ? 0 : all.length - 1;
  if (at !== last && at !== -1) return;
  all.at(event.shiftKey ? -1 : 0)?.focus();
  event.preventDefault();
}
