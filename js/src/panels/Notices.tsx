import { type DragEvent, useEffect, useState } from "react";
import { insert } from "../editor/adding";
import type { EditorState } from "../editor/editor";
import type { Refused } from "../protocol/generated";
import { KIND_MIME } from "../view/drag";
import { Icon } from "../view/icons";
import { lookOf } from "../view/kinds";
import { useShell } from "../view/shell";
import { useCommands, useEditor, useEditorState } from "../view/useEditor";
import { useKinds } from "../view/useKinds";
import { selectConnection, selectFlow, selectRefused, useStore } from "../view/useStore";

/** What keeps the view from being what it usually is: nobody answers, or nothing may be changed. */
export function Notices() {
  const { session, store, whole, page } = useEditor();
  const connection = useStore(store, selectConnection);
  const locked = useStore(store, selectFlow)?.locked ?? "";
  const lost = page !== undefined ? "recorded" : whole ? "document" : "cell";
  if (connection === "lost") return <LostNotice lost={lost} onRetry={() => session.hello()} />;
  if (locked === "" || page !== undefined) return null;
  return (
    <div className="fb-notice" data-severity="info" role="status">
      <Icon name="lock" />
      <p>
        <strong>Read-only:</strong> {locked}
      </p>
    </div>
  );
}

/** What is lost, and what becomes of it, for a canvas of a cell, of a document, of a recorded run. */
const LOST = {
  cell: ["Not connected to the kernel.", "Run this cell again, or wait if the kernel is busy."],
  document: ["Not connected.", "It goes on by itself once the connection is back."],
  recorded: ["The server does not answer.", ""],
} as const;

interface LostNoticeProps {
  readonly lost: keyof typeof LOST;
  readonly onRetry: () => void;
}

/** Nobody answers: what is shown is the past. */
function LostNotice({ lost, onRetry }: LostNoticeProps) {
  const [what, then] = LOST[lost];
  return (
    <div className="fb-notice" data-severity="warning" role="alert">
      <Icon name="unplugged" />
      <p>
        <strong>{what}</strong> What you see is the last known state. {then}
      </p>
      <button type="button" className="fb-button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

/** What was asked for and refused, and what else came of a change; it takes no focus. */
export function Toast() {
  const editor = useEditor();
  const { session, store } = editor;
  const refused = useStore(store, selectRefused);
  const note = useEditorState(selectNote);
  return (
    <div className="fb-toasts">
      <div role="alert">
        {refused !== null && (
          <RefusedNotice refused={refused} onDismiss={() => session.dismiss()} />
        )}
      </div>
      {note !== "" && <Note text={note} onDismiss={() => editor.change({ note: "" })} />}
    </div>
  );
}

const selectNote = (state: EditorState) => state.note;

/** The live region of the view has said it already. */
function Note({ text, onDismiss }: { readonly text: string; readonly onDismiss: () => void }) {
  return (
    <div className="fb-notice" data-severity="info">
      <Icon name="warning" />
      <p>{text}</p>
      <button type="button" className="fb-tool" aria-label="Dismiss" onClick={onDismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** The kernel said no, and why. */
function RefusedNotice({
  refused,
  onDismiss,
}: {
  readonly refused: Refused;
  readonly onDismiss: () => void;
}) {
  return (
    <div className="fb-notice" data-severity="error">
      <Icon name="warning" />
      <div>
        <p>
          <strong>{refused.message}</strong> {refused.hint}
        </p>
        {refused.problems.length > 0 && (
          <ul>
            {refused.problems.map((problem) => (
              <li key={`${problem.node}:${problem.message}`}>
                {problem.message} {problem.hint && <em>{problem.hint}</em>}
              </li>
            ))}
          </ul>
        )}
      </div>
      <button type="button" className="fb-tool" aria-label="Dismiss" onClick={onDismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}

const FIRST_CELL = `%%flow hello(name: str = "world")
f"Hello, {name}!"`;
const STARTERS = ["python", "sql", "http"];

/** No node yet: how to make the first one. */
export function EmptyFlow() {
  const editor = useEditor();
  const shell = useShell();
  const locked = useStore(editor.store, selectFlow)?.locked ?? "";
  const add = async (kind: string) => {
    const node = await insert(editor, kind, {});
    if (node !== null) shell.open(node);
  };
  const dropped = (event: DragEvent) => {
    const kind = event.dataTransfer.getData(KIND_MIME);
    if (kind === "" || locked !== "") return;
    event.preventDefault();
    void add(kind);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside do the same
    <div
      className="fb-empty"
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(KIND_MIME)) event.preventDefault();
      }}
      onDrop={dropped}
    >
      <Icon name="flow" size={36} />
      <h2>{locked === "" ? "Add your first node" : "This flow has no nodes yet"}</h2>
      {locked === "" && <Starters onAdd={(kind) => void add(kind)} />}
      <p>A cell that begins with %%flow is a node, too. Run it, and it appears here.</p>
      <pre className="fb-code">{FIRST_CELL}</pre>
    </div>
  );
}

function Starters({ onAdd }: { readonly onAdd: (kind: string) => void }) {
  const commands = useCommands();
  const kinds = useKinds() ?? [];
  return (
    <div className="fb-starters">
      {STARTERS.flatMap((kind) => kinds.find((one) => one.kind === kind) ?? []).map((one) => (
        <button
          key={one.kind}
          type="button"
          className="fb-button"
          title={one.summary}
          onClick={() => onAdd(one.kind)}
        >
          <Icon name={lookOf(one.kind).icon} size={14} /> {one.title}
        </button>
      ))}
      <button
        type="button"
        className="fb-button fb-primary"
        title="All kinds (a)"
        onClick={() => commands.execute("add")}
      >
        <Icon name="plus" size={14} /> More kinds…
      </button>
    </div>
  );
}

export function Connecting() {
  const { page } = useEditor();
  return (
    <div className="fb-empty" aria-busy="true">
      <span className="fb-spinner" aria-hidden="true" />
      <p>Asking {page === undefined ? "the kernel for the flow" : "for the run"}…</p>
    </div>
  );
}

/** Where the host knows: that what one sees is not saved yet. */
export function Unsaved() {
  const { session } = useEditor();
  const [unsaved, setUnsaved] = useState(false);
  useEffect(() => session.transport.onUnsaved?.(setUnsaved), [session]);
  if (!unsaved) return null;
  return (
    <span className="fb-unsaved" title="There are changes that are not saved yet">
      <i aria-hidden="true" /> Unsaved
    </span>
  );
}
