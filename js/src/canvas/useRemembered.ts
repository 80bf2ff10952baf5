/** What one view of one flow looked like, kept while the browser's tab is open. */
import { useReactFlow, type Viewport } from "@xyflow/react";
import { useCallback, useEffect } from "react";
import type { Editor } from "../editor/editor";

function read<T>(key: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null") as T | null;
  } catch {
    return null; // there is no storage, or somebody else wrote to it
  }
}

function write(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the next page begins as if it were the first.
  }
}

/** Containers that were opened or closed are so again. */
export function useRememberedFolding(editor: Editor, flow: string): void {
  const key = `flowbook:folded:${flow}`;
  useEffect(() => {
    const before = read<Record<string, boolean>>(key);
    if (before !== null) editor.change({ folded: { ...before, ...editor.state.folded } });
    let { folded } = editor.state;
    return editor.subscribe(() => {
      if (editor.state.folded === folded) return;
      folded = editor.state.folded;
      write(key, folded);
    });
  }, [editor, key]);
}

export interface RememberedView {
  readonly viewport: Viewport | null;
  readonly onMoveEnd: () => void;
}

/** Where one had looked, of a canvas that is a document of its own. */
export function useRememberedView(flow: string, whole: boolean): RememberedView {
  const { getViewport } = useReactFlow();
  const key = `flowbook:viewport:${flow}`;
  const onMoveEnd = useCallback(() => {
    if (whole) write(key, getViewport());
  }, [whole, key, getViewport]);
  return { viewport: whole ? read<Viewport>(key) : null, onMoveEnd };
}
