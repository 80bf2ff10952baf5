/** Copy, cut and paste as the page tells of them, so that the host's own menus and keys work. */
import { type ClipboardEvent, useCallback } from "react";
import { CLIP } from "../editor/clipboard";
import { copy, paste, remove } from "../editor/commands/editing";
import type { Editor } from "../editor/editor";
import { typing } from "./at";

export interface ClipboardKeys {
  readonly onCopy: (event: ClipboardEvent) => void;
  readonly onCut: (event: ClipboardEvent) => void;
  readonly onPaste: (event: ClipboardEvent) => void;
}

export function useClipboard(editor: Editor): ClipboardKeys {
  const take = useCallback(
    (event: ClipboardEvent, needsNodes: boolean) => {
      if (typing(event.target)) return false;
      const text = document.getSelection();
      const marked =
        text !== null &&
        !text.isCollapsed &&
        (event.currentTarget as Element).contains(text.anchorNode);
      if (editor.looks) return false;
      if (needsNodes && (marked || editor.selected().length === 0)) return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
    [editor],
  );
  const onCopy = useCallback(
    (event: ClipboardEvent) => {
      if (take(event, true)) void copy(editor);
    },
    [editor, take],
  );
  const onCut = useCallback(
    async (event: ClipboardEvent) => {
      if (!take(event, true)) return;
      if (editor.locked !== "") editor.say(`Cut: ${editor.locked}`);
      else if (await copy(editor)) await remove(editor, false);
    },
    [editor, take],
  );
  const onPaste = useCallback(
    (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!take(event, false)) return;
      if (editor.locked !== "") editor.say(`Paste: ${editor.locked}`);
      else void paste(editor, CLIP.take(text));
    },
    [editor, take],
  );
  return { onCopy, onCut, onPaste };
}
