import type { NodeProps } from "@xyflow/react";
import {
  type KeyboardEvent,
  memo,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { noteOf } from "../view/kinds";
import { Markdown } from "../view/Markdown";
import { useEditor } from "../view/useEditor";
import { FarName } from "./FarName";
import type { FlowNode } from "./graph";
import { Name } from "./Name";
import { useDimmed, useSurroundings } from "./surroundings";

/** A note: its Markdown on a sheet of paper, written where it stands. */
export const NoteCard = memo(function NoteCard({ data }: NodeProps<FlowNode>) {
  const { far } = useSurroundings();
  const dimmed = useDimmed(data.node.name);
  const editor = useEditor();
  const { node } = data;
  const text = noteOf(node) ?? "";
  const [writing, setWriting] = useState(false);
  if (far)
    return (
      <div className="fb-note-card fb-node-far" data-dimmed={dimmed} title={node.name}>
        <FarName name={node.name} />
      </div>
    );
  const close = () => {
    setWriting(false);
    editor.surface.focus(node.name);
  };
  return (
    <div className="fb-note-card" data-dimmed={dimmed}>
      <div className="fb-note-head">
        <Name node={node.name} />
        {!writing && editor.locked === "" && (
          <button
            type="button"
            className="fb-link nodrag"
            aria-label={`Edit ${node.name}`}
            onClick={(event) => {
              event.stopPropagation();
              setWriting(true);
            }}
          >
            Edit
          </button>
        )}
      </div>
      {writing ? (
        <NoteField node={node.name} text={text} onClose={close} />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the button above does the same
        <div
          className="fb-note-text"
          onDoubleClick={(event) => {
            if (editor.locked !== "") return;
            event.stopPropagation();
            setWriting(true);
          }}
        >
          {text === "" ? <p className="fb-faint">Empty note</p> : <Markdown text={text} />}
        </div>
      )}
    </div>
  );
});

interface FieldProps {
  readonly node: string;
  readonly text: string;
  readonly onClose: () => void;
}

function NoteField({ node, text, onClose }: FieldProps) {
  const editor = useEditor();
  const field = useRef<HTMLTextAreaElement>(null);
  const done = useRef(false);
  const full = useFullText(node, text, field);
  useLayoutEffect(() => field.current?.focus(), []);
  const keep = async () => {
    if (done.current) return;
    done.current = true;
    const body = field.current?.value ?? "";
    if (body !== full.current) await editor.edit({ type: "SET_BODY", node, body });
    onClose();
  };
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      done.current = true;
      onClose();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void keep();
    else return;
    event.preventDefault();
  };
  return (
    <textarea
      ref={field}
      className="fb-note-field nodrag nopan nowheel"
      aria-label={`Text of ${node}. Markdown. Ctrl and Enter keeps it, Escape gives it up.`}
      defaultValue={text}
      onKeyDown={key}
      onBlur={() => void keep()}
    />
  );
}

/** So much of a note is on its card. */
const MOST = 600;

/** Cards show the start of long notes only: the rest is asked for before it is changed. */
function useFullText(
  node: string,
  start: string,
  field: RefObject<HTMLTextAreaElement>,
): RefObject<string> {
  const { store, session } = useEditor();
  const text = useRef(start);
  useEffect(() => {
    if (start.length < MOST) return;
    const take = () => {
      const found = store.state.details[node]?.source;
      if (!found || found === text.current) return;
      if (field.current?.value === text.current) field.current.value = found;
      text.current = found;
    };
    session.inspect(node);
    take();
    return store.subscribe(take);
  }, [node, start, field, session, store]);
  return text;
}
