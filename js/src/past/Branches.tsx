/** The runs that this one came of, and those that came of it. */
import { useState } from "react";
import { duration } from "../model/selectors";
import { useEditor } from "../view/useEditor";
import { asPageError, moment, type RunRow, shortId, type Tree, useAsked, usePage } from "./facts";
import { STATUS } from "./status";

export function Branches() {
  const page = usePage();
  const { found, failure, again } = useAsked<Tree>(`runs/${page.run}/tree`);
  if (failure !== null && found === null)
    return (
      <p className="fb-faint fb-events-none" role="alert">
        {failure.message}
      </p>
    );
  if (found === null)
    return (
      <p className="fb-faint fb-events-none" aria-busy="true">
        Looking for branches…
      </p>
    );
  return (
    <>
      <ul className="fb-branches" aria-label="Branches">
        <Branch tree={found} again={again} />
      </ul>
      {found.branches.length === 0 && found.run.id === page.run && (
        <p className="fb-faint fb-events-none">
          Nothing came of this run yet. A replay of it is a branch: it takes what was done, and runs
          the rest anew.
        </p>
      )}
    </>
  );
}

function Branch({ tree, again }: { readonly tree: Tree; readonly again: () => void }) {
  return (
    <li>
      <Entry row={tree.run} again={again} />
      {tree.branches.length > 0 && (
        <ul>
          {tree.branches.map((one) => (
            <Branch key={one.run.id} tree={one} again={again} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Entry({ row, again }: { readonly row: RunRow; readonly again: () => void }) {
  const page = usePage();
  const editor = useEditor();
  const [sure, setSure] = useState(false);
  const [failure, setFailure] = useState("");
  const here = row.id === page.run;
  const over = !["queued", "running", "suspended"].includes(row.status);
  const discard = async () => {
    try {
      await page.ask("DELETE", `runs/${row.id}`);
      editor.say(`Discarded ${shortId(row.id)}`);
      again();
    } catch (reason) {
      setSure(false);
      setFailure(asPageError(reason).message);
    }
  };
  return (
    <div className="fb-branch" data-status={row.status} aria-current={here ? "true" : undefined}>
      <i className="fb-state-icon" aria-hidden="true" />
      <div>
        <strong>{shortId(row.id)}</strong>
        {here && <span className="fb-chip">this one</span>}
        <p className="fb-faint">
          {[
            STATUS[row.status] ?? row.status,
            row.origin === null ? "" : whence(row),
            moment(row.started_at),
            row.duration_ms === null ? "" : duration(row.duration_ms),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        {failure !== "" && <p role="alert">{failure}</p>}
        {!here && (
          <div className="fb-branch-acts">
            <button
              type="button"
              className="fb-link"
              onClick={() => void page.act({ do: "open", run: row.id })}
            >
              Open<span className="fb-unseen"> {shortId(row.id)}</span>
            </button>
            <button
              type="button"
              className="fb-link"
              onClick={() => void page.act({ do: "compare", run: page.run, other: row.id })}
            >
              Compare<span className="fb-unseen"> with {shortId(row.id)}</span>
            </button>
            {row.origin !== null && over && !row.pinned && (
              <button
                type="button"
                className="fb-link fb-branch-discard"
                onClick={() => (sure ? void discard() : setSure(true))}
                onBlur={() => setSure(false)}
              >
                {sure ? "Delete it for good?" : "Discard"}
                <span className="fb-unseen"> {shortId(row.id)}</span>
              </button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}

function whence({ origin_node, origin_seq }: RunRow): string {
  if (origin_node) return `from ${origin_node}`;
  return origin_seq === null ? "from the start" : `at event ${origin_seq}`;
}
