import { useEffect } from "react";
import { loadKinds } from "../editor/adding";
import type { EditorState } from "../editor/editor";
import type { KindView } from "../protocol/generated";
import { useEditor, useEditorState } from "./useEditor";

const selectKinds = (state: EditorState) => state.kinds;

/** The kinds there are to add; null until the answer is here. */
export function useKinds(): readonly KindView[] | null {
  const editor = useEditor();
  const kinds = useEditorState(selectKinds);
  useEffect(() => {
    if (!editor.still) void loadKinds(editor);
  }, [editor]);
  return kinds;
}
