import "./versions.css";
import { useCallback, useEffect, useState } from "react";
import { facts, title } from "../../model/versions";
import type { Compared, Versions, VersionView } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import { Comparison } from "./Comparison";
import { DialogFrame } from "./DialogFrame";

/** The versions of the flow: publish, go back, compare. */
export function VersionsDialog() {
  const editor = useEditor();
  const [found, setFound] = useState<Versions | null>(null);
  const [compared, setCompared] = useState<Compared | null>(null);
  const load = useCallback(async () => {
    setFound(await editor.ask<"VERSIONS">({ type: "VERSIONS" }));
  }, [editor]);
  useEffect(() => void load(), [load]);

  const compare = async (before: string, after = "") =>
    setCompared(await editor.ask<"COMPARED">({ type: "COMPARE", before, after }));
  const back = async (version: VersionView) => {
    const done = await editor.do({ type: "ROLL_BACK", version: version.version });
    if (done !== null) await load();
  };
  const publish = async (note: string) => {
    const done = await editor.ask<"PUBLISHED">({ type: "PUBLISH", note });
    if (done === null) return;
    editor.say(`Published version ${done.version.number}`);
    await load();
  };
  if (compared !== null && found !== null)
    return (
      <DialogFrame title="Compare versions" shape="full">
        <Comparison
          compared={compared}
          versions={found.versions}
          onCompare={compare}
          onBack={() => setCompared(null)}
        />
      </DialogFrame>
    );
  return (
    <DialogFrame title="Versions" shape="wide">
      <div className="fb-dialog-body">
        <Publish draft={found?.draft ?? true} onPublish={publish} locked={editor.locked} />
        {found === null ? (
          <p className="fb-faint" aria-busy="true">
            Looking into the history…
          </p>
        ) : (
          <List
            found={found}
            locked={editor.locked}
            onCompare={(one) => void compare(one.version)}
            onBack={(one) => void back(one)}
          />
        )}
      </div>
    </DialogFrame>
  );
}

interface PublishProps {
  /** The flow as it is, is none of the versions there are. */
  readonly draft: boolean;
  readonly locked: string;
  readonly onPublish: (note: string) => Promise<void>;
}

function Publish({ draft, locked, onPublish }: PublishProps) {
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    await onPublish(note);
    setNote("");
    setBusy(false);
  };
  return (
    <form
      className="fb-publish"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <input
        data-focus
        type="text"
        value={note}
        placeholder="What is new? (optional)"
        aria-label="What is new in this version"
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      <button
        type="submit"
        className="fb-button fb-primary"
        disabled={busy || locked !== ""}
        title={locked || "Freeze the flow as it is: schedules and callers run this version"}
      >
        Publish
      </button>
      <p className="fb-faint">
        {draft
          ? "The flow as it is now is a draft: it has not run, and nobody else runs it."
          : "The flow as it is now is one of the versions below."}
      </p>
    </form>
  );
}

interface ListProps {
  readonly found: Versions;
  readonly locked: string;
  readonly onCompare: (one: VersionView) => void;
  readonly onBack: (one: VersionView) => void;
}

function List({ found, locked, onCompare, onBack }: ListProps) {
  const now = Date.now() / 1000;
  if (found.versions.length === 0)
    return (
      <p className="fb-faint">
        There are no versions yet. Each definition that runs, or is published, becomes one.
      </p>
    );
  return (
    <ol className="fb-versions" aria-label="Versions, newest first">
      {found.versions.map((one) => (
        <li key={one.version}>
          <div>
            <strong>{title(one)}</strong>
            {one.published && <span className="fb-chip fb-chip-good">published</span>}
            {one.current && <span className="fb-chip">as it is now</span>}
            {one.note && <p>{one.note}</p>}
            <p className="fb-faint">{facts(one, now)}</p>
          </div>
          <button
            type="button"
            className="fb-button"
            disabled={one.current}
            onClick={() => onCompare(one)}
          >
            Compare<span className="fb-unseen"> version {one.number} with the flow as it is</span>
          </button>
          <button
            type="button"
            className="fb-button"
            disabled={one.current || locked !== ""}
            title={locked || "Make the flow what it was; one step of undo"}
            onClick={() => onBack(one)}
          >
            Go back<span className="fb-unseen"> to version {one.number}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}
