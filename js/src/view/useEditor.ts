/** The editor and its commands, for whatever is drawn inside of one view. */
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Commands } from "../editor/commands";
import type { Editor, EditorState } from "../editor/editor";

export const CommandsContext = createContext<Commands | null>(null);

export function useCommands(): Commands {
  const found = useContext(CommandsContext);
  if (found === null) throw new Error("this is outside of a canvas");
  return found;
}

export function useEditor(): Editor {
  return useCommands().editor;
}

/** Part of the editor's state; `select` must give the same object while nothing changed. */
export function useEditorState<T>(select: (state: EditorState) => T): T {
  const editor = useEditor();
  const read = useCallback(() => select(editor.state), [editor, select]);
  return useSyncExternalStore(editor.subscribe, read);
}
