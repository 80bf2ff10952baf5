/** The details of one node: a head, and tabs with what there is to know and to set. */
import { useEffect, useMemo, useState } from "react";
import { detailsAt, nodeIn, notYet } from "../model/moment";
import { isBusy, staleReason, standing } from "../model/selectors";
import { UNREACHED } from "../model/state";
import type { Store } from "../model/store";
import { emptyOutput } from "../model/undoing";
import type { Details, ErrorInfo, NodeView, ProblemView } from "../protocol/generated";
import { useEditor } from "../view/useEditor";
import {
  selectDetails,
  selectFlow,
  selectMoment,
  selectQueued,
  selectRun,
  selectStreams,
  useStore,
} from "../view/useStore";
import { useTick } from "../view/useTick";
import { CodeTab } from "./CodeTab";
import { ErrorTab } from "./ErrorTab";
import { useDrafts } from "./inspector/useInspector";
import { LogsTab } from "./LogsTab";
import { Going, NodeHead } from "./NodeHead";
import { Part } from "./Part";
import { InputTab, OutputTab } from "./PortsTab";
import { ProblemRows } from "./ProblemList";
import { StreamTab } from "./StreamTab";
import { Tabs } from "./Tabs";
import { TurnPicker } from "./TurnPicker";

const REFRESH_MS = 1500;
/** Turns that one only passes by are not asked for. */
const SCRUBBED_MS = 120;
const TABS = ["Settings", "Output", "Stream", "Input", "Logs", "Code", "Error"] as const;
type Tab = (typeof TABS)[number];

interface NodePanelProps {
  readonly store: Store;
  readonly name: string;
  readonly inspect: (node: string) => void;
  readonly onClose: () => void;
}

export function NodePanel({ store, name, inspect, onClose }: NodePanelProps) {
  const flow = useStore(store, selectFlow);
  const run = useStore(store, selectRun);
  const known = useStore(store, selectDetails)[name];
  const moment = useStore(store, selectMoment);
  const live = useStore(store, selectStreams)[name];
  const queued = useStore(store, selectQueued) !== null;
  const one = run?.nodes[name];
  const then = nodeIn(run, name, known?.scope ?? "");
  const details = useMemo(() => detailsAt(known, then, moment), [known, then, moment]);
  const node = flow?.nodes.find((each) => each.name === name);
  const running = isBusy(standing(one));
  // Inside of a container the phase changes with every turn, which is more often than one can read.
  const plain = one?.counts === undefined;
  const phase = moment !== null ? "then" : plain ? one?.phase : standing(one);
  const attempt = plain && moment === null ? one?.attempt : 0;
  const scope = moment === null ? null : one?.scope;
  const drafts = useDrafts();
  const { still } = useEditor();
  const [tab, setTab] = useState<Tab | null>(drafts.tab === "Settings" ? drafts.tab : null);
  const goes = running && moment === null;
  useTick(goes, 250);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these makes the answer stale
  useEffect(() => {
    if (scope === null) return inspect(name);
    const timer = setTimeout(() => inspect(name), SCRUBBED_MS);
    return () => clearTimeout(timer);
  }, [name, run?.run, queued, phase, attempt, scope, flow?.nodes.length]);
  useEffect(() => {
    if (!goes) return;
    const timer = setInterval(() => inspect(name), REFRESH_MS);
    return () => clearInterval(timer);
  }, [goes, name, inspect]);

  if (node === undefined) return null;
  const problems = flow?.problems.filter((each) => each.node === name) ?? [];
  const stale = flow === null ? null : staleReason(flow, name);
  const error = one?.error ?? details?.error ?? null;
  const failed = one?.outcome === "failed";
  const streams = live !== undefined || (details?.stream ?? null) !== null;
  const edits = flow?.locked === "" || flow?.locked === UNREACHED; // what is typed is kept
  const unrun = edits ? "Settings" : "Code";
  const usual = one === undefined ? unrun : running && streams ? "Stream" : "Output";
  const current = tab ?? (failed ? "Error" : usual);
  const absent = (each: Tab) =>
    (each === "Error" && error === null) ||
    (each === "Stream" && !streams) ||
    (each === "Settings" && !edits);
  const shown = absent(current) ? "Output" : current;
  return (
    <aside className="fb-panel" aria-label={`Details of ${name}`}>
      <NodeHead node={node} run={one} details={details} store={store} onClose={onClose} />
      {running && <Going name={name} store={store} />}
      {node.inside !== null && run !== null && !still && <TurnPicker node={name} run={run.run} />}
      {stale !== null && <p className="fb-panel-stale">{stale} Run again to renew it.</p>}
      {problems.length > 0 && <Warnings problems={problems} />}
      <Tabs
        tabs={TABS.filter((each) => !absent(each))}
        counts={{ Logs: details?.lines ?? 0 }}
        current={shown}
        onChange={(next) => {
          drafts.tab = next;
          setTab(next);
        }}
      >
        {shown === "Settings" ? (
          <Part>{({ SettingsTab }) => <SettingsTab node={name} />}</Part>
        ) : shown === "Stream" ? (
          <StreamTab details={details?.stream ?? null} live={live} running={running} />
        ) : (
          <Body
            tab={shown}
            node={node}
            details={details}
            empty={notYet(known, then, moment) || emptyOutput(run, name, queued)}
            error={error}
            final={failed}
          />
        )}
      </Tabs>
    </aside>
  );
}

interface BodyProps {
  readonly tab: Exclude<Tab, "Stream" | "Settings">;
  readonly node: NodeView;
  readonly details: Details | undefined;
  /** What to say where there is no output. */
  readonly empty: string;
  readonly error: ErrorInfo | null;
  readonly final: boolean;
}

function Body({ tab, node, details, empty, error, final }: BodyProps) {
  if (tab === "Error" && error !== null)
    return <ErrorTab error={error} node={node} final={final} />;
  if (details === undefined)
    return (
      <p className="fb-faint" aria-busy="true">
        Asking the kernel…
      </p>
    );
  switch (tab) {
    case "Output":
      return <OutputTab details={details} empty={empty} />;
    case "Input":
      return <InputTab details={details} node={node} />;
    case "Logs":
      return <LogsTab details={details} />;
    default:
      return <CodeTab details={details} />;
  }
}

function Warnings({ problems }: { readonly problems: readonly ProblemView[] }) {
  return (
    <div className="fb-panel-problems">
      <ProblemRows problems={problems} />
    </div>
  );
}
