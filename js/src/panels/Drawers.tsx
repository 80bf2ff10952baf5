import type { EditorState } from "../editor/editor";
import { Icon } from "../view/icons";
import { useRemembered } from "../view/remembered";
import { useEditor, useEditorState } from "../view/useEditor";
import { Part } from "./Part";
import { Resizer } from "./Resizer";

const USUAL = 260;
const LEAST = 200;
const MOST = 520;
const TITLES = { palette: "Add nodes", outline: "Outline" } as const;
const selectDrawer = (state: EditorState) => state.drawer;

/** What is open at the left of the canvas. */
export function Drawers() {
  const editor = useEditor();
  const drawer = useEditorState(selectDrawer);
  const [width, setWidth] = useRemembered("drawer", USUAL);
  if (drawer === null) return null;
  return (
    <>
      <aside className="fb-drawer" aria-label={TITLES[drawer]} style={{ width }}>
        <header>
          <h2>{TITLES[drawer]}</h2>
          <button
            type="button"
            className="fb-tool"
            aria-label={`Close ${TITLES[drawer].toLowerCase()}`}
            title="Close"
            onClick={() => editor.change({ drawer: null })}
          >
            <Icon name="close" />
          </button>
        </header>
        <Part>{({ Outline, Palette }) => (drawer === "palette" ? <Palette /> : <Outline />)}</Part>
      </aside>
      <Resizer
        label={`Width of ${TITLES[drawer].toLowerCase()}`}
        at="left"
        size={width}
        least={LEAST}
        most={MOST}
        usual={USUAL}
        onSize={setWidth}
      />
    </>
  );
}
