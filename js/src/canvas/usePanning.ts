/** While Space is held a drag moves the canvas, wherever it begins; tapped, it selects. */
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import { choose } from "../editor/commands/selecting";
import type { Editor } from "../editor/editor";
import { nodeAt, typing } from "./at";

export interface Panning {
  readonly panning: boolean;
  readonly onKeyDown: (event: KeyboardEvent) => boolean;
  readonly onKeyUp: (event: KeyboardEvent) => void;
  /** Something was dragged meanwhile: letting go of the key selects nothing. */
  readonly used: () => void;
}

export function usePanning(editor: Editor): Panning {
  const [panning, setPanning] = useState(false);
  const dragged = useRef(false);
  useEffect(() => {
    const stop = () => setPanning(false);
    window.addEventListener("blur", stop);
    return () => window.removeEventListener("blur", stop);
  }, []);
  const onKeyDown = useCallback((event: KeyboardEvent) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const button = (event.target as Element).closest("button, a");
    if (event.key !== " " || !plain || button !== null || typing(event.target)) return false;
    if (!event.repeat) dragged.current = false;
    setPanning(true);
    return true;
  }, []);
  const onKeyUp = useCallback(
    (event: KeyboardEvent) => {
      if (event.key !== " ") return;
      setPanning(false);
      const node = nodeAt(event.target);
      if (node !== null && !dragged.current && !typing(event.target)) toggle(editor, node);
    },
    [editor],
  );
  const used = useCallback(() => {
    dragged.current = true;
  }, []);
  return { panning, onKeyDown, onKeyUp, used };
}

/** Into the selection, or out of it. */
export function toggle(editor: Editor, node: string): void {
  const nodes = new Set(editor.state.nodes);
  if (!nodes.delete(node)) nodes.add(node);
  choose(editor, nodes);
}
