/** Says what lies over the flow, and takes it away. */
import type { EditorState } from "../editor/editor";
import { overlaySays } from "../model/overlay";
import { useEditor, useEditorState } from "../view/useEditor";

const selectOverlay = (state: EditorState) => state.overlay;

export function OverlayStrip() {
  const editor = useEditor();
  const overlay = useEditorState(selectOverlay);
  if (overlay === null) return null;
  return (
    <div className="fb-strip" role="status">
      <span>{overlaySays(overlay)}</span>
      <button type="button" className="fb-link" onClick={() => editor.change({ overlay: null })}>
        Show the flow alone
      </button>
    </div>
  );
}
