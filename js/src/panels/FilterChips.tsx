import { useMemo } from "react";
import type { Editor, EditorState } from "../editor/editor";
import { type Chip, chipLabel, chipsOf } from "../model/sieve";
import type { CanvasState } from "../model/state";
import { Icon } from "../view/icons";
import { useEditor, useEditorState } from "../view/useEditor";
import { useKinds } from "../view/useKinds";
import { selectFlow, useStore } from "../view/useStore";

const selectChips = (state: EditorState) => state.chips;
const selectFound = (state: EditorState) => state.found;
const selectState = (state: CanvasState) => state;
const MOST_KINDS = 12;

function turn(editor: Editor, key: string): void {
  const chips = new Set(editor.state.chips);
  if (!chips.delete(key)) chips.add(key);
  editor.change({ chips });
}

/** Everything the flow can be filtered by. */
export function FilterChips() {
  const editor = useEditor();
  const kinds = useKinds();
  const state = useStore(editor.store, selectState);
  const all = useMemo(() => chipsOf(state, kinds ?? []), [state, kinds]);
  return (
    <div className="fb-chips">
      <Row label="How they stand" chips={all.statuses.filter((one) => one.count > 0)} />
      {kinds !== null && <Row label="Families" chips={all.families} />}
      {all.kinds.length <= MOST_KINDS && <Row label="Kinds" chips={all.kinds} />}
    </div>
  );
}

function Row({ label, chips }: { readonly label: string; readonly chips: readonly Chip[] }) {
  const editor = useEditor();
  const pressed = useEditorState(selectChips);
  if (chips.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset draws a frame of its own
    <div role="group" aria-label={label}>
      {chips.map(({ key, label: name, count }) => (
        <button
          key={key}
          type="button"
          className="fb-chip"
          aria-pressed={pressed.has(key)}
          onClick={() => turn(editor, key)}
        >
          {name} <span>{count}</span>
        </button>
      ))}
    </div>
  );
}

/** Says that most of the flow stands back, and why. */
export function FilterStrip() {
  const editor = useEditor();
  const pressed = useEditorState(selectChips);
  const found = useEditorState(selectFound);
  const kinds = useKinds() ?? [];
  const flow = useStore(editor.store, selectFlow);
  if (pressed.size === 0 || found === null) return null;
  return (
    <div className="fb-strip" role="status">
      <span>
        {found.size} of {flow?.nodes.length ?? 0} nodes:
      </span>
      {[...pressed].map((key) => (
        <button
          key={key}
          type="button"
          className="fb-chip"
          aria-pressed="true"
          title="Filter by this no longer"
          onClick={() => turn(editor, key)}
        >
          {chipLabel(key, kinds)} <Icon name="close" size={12} />
        </button>
      ))}
      <button type="button" className="fb-link" onClick={() => editor.change({ chips: new Set() })}>
        Show all
      </button>
    </div>
  );
}
