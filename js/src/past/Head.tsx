/** The run in one line: what it was, and what can be done with it. */
import "./past.css";
import { type ReactNode, useState } from "react";
import { type RunState, statusOf } from "../model/run";
import { duration, isGoing } from "../model/selectors";
import type { Event } from "../protocol/generated";
import type { PageAct } from "../protocol/runPage";
import { Icon } from "../view/icons";
import { useEditor } from "../view/useEditor";
import { selectRun, useStore } from "../view/useStore";
import { useTick } from "../view/useTick";
import { Asking } from "./Asking";
import { CompareHead } from "./CompareHead";
import { Environment } from "./Environment";
import { asPageError, moment, type RunRow, shortId, useAsked, usePage } from "./facts";
import { PastIcon } from "./Icons";
import { Menu, type MenuItem } from "./Menu";
import { nodeOf } from "./model/stops";
import { STATUS } from "./status";
import { useDesk, usePast } from "./useDesk";

export function Head() {
  const page = usePage();
  return page.against === undefined ? <RunHead /> : <CompareHead />;
}

function RunHead() {
  const page = usePage();
  const editor = useEditor();
  const { found, failure, again } = useAsked<{ readonly run: RunRow }>(`runs/${page.run}`);
  const run = useStore(editor.store, selectRun);
  const { events } = useDesk();
  usePast((state) => state.length);
  const row = found?.run ?? null;
  const going = isGoing(editor.store.state) && editor.store.state.moment === null;
  useTick(going, 500);
  const status = row?.status ?? (run === null ? "queued" : statusOf(run));
  return (
    <div className="fb-runbar fb-past-head">
      <span className="fb-title" title={`${row?.flow ?? ""} ${page.run}`}>
        <Icon name="flow" />
        <span>{row?.flow ?? run?.flow ?? "Run"}</span>
      </span>
      <code className="fb-past-id" title={page.run}>
        {shortId(page.run)}
      </code>
      <span className="fb-state fb-past-status" data-status={status}>
        <i className="fb-state-icon" aria-hidden="true" />
        {STATUS[status] ?? status}
      </span>
      {row !== null && <Facts row={row} run={run} />}
      {failure !== null && row === null && (
        <span className="fb-faint" role="alert">
          {failure.message}
        </span>
      )}
      <Actions row={row} status={status} failing={failingOf(row, events)} again={again} />
      <Asking row={row} />
    </div>
  );
}

/** The node that the run failed at. */
function failingOf(row: RunRow | null, events: readonly Event[]): string | null {
  if (row?.status !== "failed") return null;
  const over = events.at(-1);
  if (over?.kind === "RUN_COMPLETED" && over.node) return over.node;
  const failed = events.find((event) => event.kind === "NODE_FAILED");
  return failed === undefined ? null : nodeOf(failed);
}

function Facts({ row, run }: { readonly row: RunRow; readonly run: RunState | null }) {
  const page = usePage();
  const editor = useEditor();
  const params = Object.entries(row.params);
  const ms =
    row.duration_ms ??
    (run === null ? null : Math.max(0, (Date.now() / 1000 - run.startedAt) * 1000));
  const open = (act: PageAct) => void page.act(act).then((said) => said && editor.say(said));
  return (
    <span className="fb-past-facts">
      <span>{row.trigger}</span>
      <time title={row.started_at}>{moment(row.started_at)}</time>
      {ms !== null && <span>{duration(ms)}</span>}
      <span title={`Version ${row.version}`}>v {row.version.slice(0, 7)}</span>
      {row.waiting_for && <span>waits for {row.waiting_for}</span>}
      {row.origin !== null && (
        <button
          type="button"
          className="fb-link"
          title={`Open the run that this one is a replay of: ${row.origin}`}
          onClick={() => open({ do: "open", run: row.origin ?? "" })}
        >
          <PastIcon name="branch" size={12} /> replay of {shortId(row.origin)}
          {row.origin_node ? ` from ${row.origin_node}` : ""}
        </button>
      )}
      {params.length > 0 && <Params params={params} />}
      {row.environment && <Environment />}
    </span>
  );
}

function Params({ params }: { readonly params: ReadonlyArray<readonly [string, unknown]> }) {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return (
    <details className="fb-past-params">
      <summary>
        {params.length} {params.length === 1 ? "parameter" : "parameters"}
      </summary>
      <dl>
        {params.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

interface ActionsProps {
  readonly row: RunRow | null;
  readonly status: string;
  readonly failing: string | null;
  readonly again: () => void;
}

function Actions({ row, status, failing, again }: ActionsProps) {
  const page = usePage();
  const editor = useEditor();
  const desk = useDesk();
  const [busy, setBusy] = useState(false);
  const going = ["queued", "running", "suspended"].includes(status);
  const { moment: then } = editor.store.state;

  const attempt = async (what: () => Promise<string>) => {
    setBusy(true);
    editor.store.change({ refused: null });
    try {
      const said = await what();
      if (said !== "") editor.change({ said, note: said });
    } catch (reason) {
      editor.store.change({ refused: refusal(asPageError(reason)) });
    } finally {
      setBusy(false);
    }
  };
  const act = (one: PageAct) => attempt(() => page.act(one));
  const rerun = () =>
    attempt(async () => {
      const { run } = (await page.ask("POST", `runs/${page.run}/rerun`, {})) as { run: string };
      return page.act({ do: "open", run });
    });
  const change = (path: string, body: object, said: string) =>
    attempt(async () => {
      await page.ask("POST", `runs/${page.run}/${path}`, body);
      again();
      return said;
    });
  const items: readonly MenuItem[] = [
    {
      name: "restore",
      label: "Restore from a checkpoint…",
      run: () => desk.change({ asking: "restore" }),
    },
    { name: "notebook", label: "Open notebook", run: () => act({ do: "notebook" }) },
    { name: "compare", label: "Compare with…", run: () => act({ do: "compare", run: page.run }) },
    {
      name: "here",
      label: then === null ? "Open the end here, in the kernel" : "Open this moment in the kernel",
      run: () => act({ do: "here", seq: then?.seq ?? desk.events.at(-1)?.seq ?? 0 }),
    },
    row?.pinned
      ? {
          name: "pin",
          label: "Unpin: retention may remove it",
          run: () => change("pin", { pinned: false }, "Unpinned"),
        }
      : {
          name: "pin",
          label: "Pin: keep it for good",
          run: () => change("pin", { pinned: true }, "Pinned"),
        },
    {
      name: "delete",
      label: "Delete…",
      disabled: going ? "it goes on: cancel it first" : "",
      run: () => desk.change({ asking: "delete" }),
    },
  ];
  return (
    <span className="fb-past-actions">
      {row?.pinned && (
        <span className="fb-past-pinned" title="Pinned: no retention removes it">
          <PastIcon name="pinned" /> <span className="fb-unseen">Pinned</span>
        </span>
      )}
      {going && (
        <Act
          name="cancel"
          icon={<Icon name="stop" size={14} />}
          label="Cancel"
          title="Ask the process that performs it to stop"
          busy={busy}
          onAct={() =>
            change("cancel", { reason: "cancelled on the page of the run" }, "Asked to stop")
          }
        />
      )}
      {failing !== null && (
        <Act
          name="failing"
          label="Open failing node"
          title={`${failing} in its notebook, with everything before it alive`}
          busy={busy}
          onAct={() => act({ do: "failing", node: failing })}
        />
      )}
      <Act
        name="rerun"
        icon={<Icon name="play" size={14} />}
        label="Re-run"
        title="A new run with the same parameters"
        busy={busy || row === null}
        onAct={rerun}
      />
      <Act
        name="replay"
        icon={<PastIcon name="replay" size={14} />}
        label="Replay…"
        title="From a node or a moment, with other data; what was done before is taken"
        busy={row === null}
        primary
        onAct={() => desk.change({ asking: "replay" })}
      />
      <Menu label="More to do with the run" items={items} />
    </span>
  );
}

interface ActProps {
  readonly name: string;
  readonly label: string;
  readonly title: string;
  readonly busy: boolean;
  readonly icon?: ReactNode;
  readonly primary?: boolean;
  readonly onAct: () => unknown;
}

function Act({ name, label, title, busy, icon, primary, onAct }: ActProps) {
  return (
    <button
      type="button"
      className={`fb-button${primary ? " fb-primary" : ""}`}
      data-action={name}
      disabled={busy}
      title={title}
      onClick={onAct}
    >
      {icon} {label}
    </button>
  );
}

export function refusal({ message, hint }: { readonly message: string; readonly hint: string }) {
  const type = "REFUSED" as const;
  return { type, message, hint, problems: [], view: "", rid: null };
}
