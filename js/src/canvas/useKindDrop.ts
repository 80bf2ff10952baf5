/** A kind that is dragged from the palette becomes a node where it is dropped. */
import { type DragEvent, useCallback } from "react";
import { arrived } from "../editor/commands/editing";
import type { Editor } from "../editor/editor";
import { KIND_MIME } from "../view/drag";

export interface KindDrop {
  readonly onDragOver: (event: DragEvent) => void;
  readonly onDrop: (event: DragEvent) => void;
}

export function useKindDrop(editor: Editor): KindDrop {
  const onDragOver = useCallback(
    (event: DragEvent) => {
      if (editor.locked !== "" || !event.dataTransfer.types.includes(KIND_MIME)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    },
    [editor],
  );
  const onDrop = useCallback(
    async (event: DragEvent) => {
      const kind = event.dataTransfer.getData(KIND_MIME);
      if (kind === "" || editor.locked !== "") return;
      event.preventDefault();
      event.stopPropagation();
      const { clientX: x, clientY: y } = event;
      const done = await editor.do({ type: "INSERT", kind, ...editor.surface.landing({ x, y }) });
      if (done !== null) arrived(editor, done.nodes);
    },
    [editor],
  );
  return { onDragOver, onDrop };
}
