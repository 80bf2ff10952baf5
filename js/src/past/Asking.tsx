/** What the page of a run asks in a window. */

import { useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { DialogFrame } from "../panels/dialogs/DialogFrame";
import { useEditor } from "../view/useEditor";
import { asPageError, type RunRow, shortId, usePage } from "./facts";
import { ReplayDialog } from "./ReplayDialog";
import { RestoreDialog } from "./RestoreDialog";
import { useDesk, usePast } from "./useDesk";

export function Asking({ row }: { readonly row: RunRow | null }) {
  const asking = usePast((state) => state.asking);
  const place = useRef<HTMLSpanElement>(null);
  const before = useRef<Element | null>(null);
  const open = asking !== null;
  if (open && before.current === null) before.current = document.activeElement;
  useLayoutEffect(() => {
    if (open) return;
    const was = before.current;
    before.current = null;
    // What the menu had is gone by then; its button is not.
    const back = was?.isConnected ? was : place.current?.parentElement?.querySelector("button");
    if (was !== null && back instanceof HTMLElement) back.focus();
  }, [open]);
  const root = place.current?.closest(".fb-root") ?? null;
  return (
    <span ref={place} hidden>
      {asking !== null &&
        row !== null &&
        root !== null &&
        createPortal(<Window asking={asking} row={row} />, root)}
    </span>
  );
}

function Window({ asking, row }: { readonly asking: string; readonly row: RunRow }) {
  if (asking === "replay") return <ReplayDialog row={row} />;
  return asking === "restore" ? <RestoreDialog row={row} /> : <Deletion row={row} />;
}

function Deletion({ row }: { readonly row: RunRow }) {
  const page = usePage();
  const desk = useDesk();
  const editor = useEditor();
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const close = () => desk.change({ asking: null });
  const remove = async () => {
    setBusy(true);
    try {
      await page.ask("DELETE", `runs/${page.run}${row.pinned ? "?pinned=true" : ""}`);
      close();
      editor.say("Deleted");
      await page.act({ do: "deleted" });
    } catch (reason) {
      const { message, hint } = asPageError(reason);
      setFailure([message, hint].filter(Boolean).join(" "));
      setBusy(false);
    }
  };
  return (
    <DialogFrame title={`Delete run ${shortId(row.id)}?`} onClose={close}>
      <div className="fb-dialog-body fb-past-ask">
        <p>
          {row.pinned && "It is pinned: somebody wanted to keep it for good. "}
          Its events, its log and what only it keeps of values go for good. Replays of it stay: what
          they took is theirs.
        </p>
        {failure !== "" && <p role="alert">{failure}</p>}
        <div className="fb-past-ask-foot">
          <button type="button" className="fb-button" onClick={close}>
            Keep it
          </button>
          <button
            type="button"
            className="fb-button fb-danger"
            data-focus
            data-action="delete-now"
            disabled={busy}
            onClick={() => void remove()}
          >
            {row.pinned ? "Unpin and delete" : "Delete"}
          </button>
        </div>
      </div>
    </DialogFrame>
  );
}
