import { launchOf } from "../editor/launch";
import { Icon } from "../view/icons";
import { useDropdown } from "../view/useDropdown";
import { useCommands, useEditorState } from "../view/useEditor";

const OFFERED = ["run-from", "run-to", "run-selection", "run-again", "step", "run-edited"] as const;

/** Other ways to run than the whole flow. `alone`: the button for that is the page's. */
export function RunMenu({ alone }: { readonly alone: boolean }) {
  const commands = useCommands();
  const { editor } = commands;
  useEditorState((state) => state.nodes);
  const { root, open, toggle, close, onKeyDown } = useDropdown();
  return (
    <span ref={root} className="fb-run-more" data-alone={alone || undefined}>
      <button
        type="button"
        className={alone ? "fb-button" : "fb-button fb-primary"}
        data-action="run-more"
        aria-label={alone ? "Run a part: other ways to run" : "Other ways to run"}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={toggle}
      >
        {alone && "Run a part"} <Icon name="chevron" size={12} />
      </button>
      {open && (
        <div
          className="fb-run-menu"
          role="menu"
          aria-label="Ways to run"
          tabIndex={-1}
          onKeyDown={onKeyDown}
        >
          {OFFERED.filter((name) => name !== "run-edited" || launchOf(editor).edits > 0).map(
            (name) => {
              const command = commands.get(name);
              const why = command.disabled(editor);
              return (
                <button
                  key={name}
                  type="button"
                  role="menuitem"
                  data-action={name}
                  aria-disabled={why !== ""}
                  title={why}
                  onClick={() => {
                    close();
                    commands.execute(name);
                  }}
                >
                  <span>{command.label(editor)}</span>
                  <kbd>{command.keys?.[0]?.replaceAll("+", " ")}</kbd>
                </button>
              );
            },
          )}
        </div>
      )}
    </span>
  );
}
