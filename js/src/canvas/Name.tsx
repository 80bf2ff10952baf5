import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import type { EditorState } from "../editor/editor";
import { useEditor, useEditorState } from "../view/useEditor";

const renamed = (state: EditorState) =>
  state.dialog?.kind === "rename" ? state.dialog.node : null;

/** Longer ones are cut. Only these get a clip, for each is a layer of its own to the browser. */
const LONG = 13;

/** The name of a node; a field while it is renamed. */
export function Name({ node }: { readonly node: string }) {
  const editor = useEditor();
  const editing = useEditorState(renamed) === node;
  if (editing) return <NameField node={node} />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: F2 does the same
    <span
      className="fb-name"
      data-long={node.length > LONG || undefined}
      title={node}
      onDoubleClick={(event) => {
        if (editor.locked !== "") return;
        event.stopPropagation();
        editor.change({ dialog: { kind: "rename", node } });
      }}
    >
      {node}
    </span>
  );
}

function NameField({ node }: { readonly node: string }) {
  const editor = useEditor();
  const field = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState("");
  const done = useRef(false);
  const said = useId();
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const close = (focus: string) => {
    done.current = true;
    editor.change({ dialog: null });
    editor.surface.focus(focus);
  };
  const rename = async () => {
    const name = field.current?.value.trim() ?? "";
    if (done.current) return;
    if (name === node || name === "") return close(node);
    done.current = true;
    const why = await editor.refusal({
      type: "EDIT",
      edit: { type: "RENAME_NODE", old: node, new: name },
    });
    done.current = false;
    setRefused(why);
    if (why !== "") {
      editor.say(why);
      field.current?.focus();
      return;
    }
    editor.select([name]);
    close(name);
  };
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") close(node);
    else if (event.key === "Enter") void rename();
    else return;
    event.preventDefault();
  };
  return (
    <span className="fb-name-field nodrag nopan">
      <input
        ref={field}
        defaultValue={node}
        aria-label={`New name of ${node}`}
        aria-invalid={refused !== ""}
        aria-describedby={said}
        spellCheck={false}
        onKeyDown={key}
        onBlur={() => {
          if (refused !== "") close(node);
          else void rename();
        }}
      />
      {refused !== "" && (
        <span id={said} className="fb-name-refused" role="alert">
          {refused}
        </span>
      )}
    </span>
  );
}
