/**
 * The notebook's own steps of undo, and what those that were canvas gestures are called.
 *
 * The document's stack of what was done to cells is the one there is: the canvas, the Edit menu and
 * the notebook's command mode take from it. Names are kept on its items, so they go with them.
 */
import type { ISharedNotebook } from "@jupyter/ydoc";
import type { Undoing } from "../protocol/handle";
import { trans } from "./words";

const LABEL = "flowbook:label";

interface Step {
  readonly meta: Map<unknown, unknown>;
}

/** What the document has beyond its published interface. */
interface UndoManager {
  stopCapturing(): void;
  readonly undoStack: readonly Step[];
  readonly redoStack: readonly Step[];
  on(
    event: "stack-item-popped",
    callback: (popped: { readonly stackItem: Step; readonly type: "undo" | "redo" }) => void,
  ): void;
}

export function undoManager(shared: ISharedNotebook): UndoManager | undefined {
  return (shared as { readonly undoManager?: UndoManager }).undoManager;
}

export class History implements Undoing {
  constructor(private readonly shared: ISharedNotebook) {
    undoManager(shared)?.on("stack-item-popped", ({ stackItem, type }) => {
      const label = stackItem.meta.get(LABEL);
      const other = type === "undo" ? this.steps?.redoStack : this.steps?.undoStack;
      if (label !== undefined) other?.at(-1)?.meta.set(LABEL, label);
    });
  }

  undo(): void {
    this.shared.undo();
  }

  redo(): void {
    this.shared.redo();
  }

  /** The step that was done just now is called this. */
  name(label: string): void {
    this.steps?.undoStack.at(-1)?.meta.set(LABEL, label);
  }

  /** What undo would take back: its name, if it was a gesture; null when there is nothing. */
  get undoes(): string | null {
    return named(this.steps?.undoStack.at(-1));
  }

  get redoes(): string | null {
    return named(this.steps?.redoStack.at(-1));
  }

  private get steps(): UndoManager | undefined {
    return undoManager(this.shared);
  }

  /** What is told of the flow, with what can be undone, which is the document's to know. */
  added(content: unknown): unknown {
    const { type, flow } = content as { readonly type: string; readonly flow?: object };
    if (type !== "SNAPSHOT") return content;
    return { ...(content as object), flow: { ...flow, undo: this.undoes, redo: this.redoes } };
  }
}

function named(step: Step | undefined): string | null {
  if (step === undefined) return null;
  return String(step.meta.get(LABEL) ?? trans.__("change of cells"));
}
