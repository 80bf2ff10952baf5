import { type KeyboardEvent, type ReactNode, useEffect, useId, useState } from "react";
import type { NodeRun } from "../model/node";
import {
  attemptLabel,
  countsSpoken,
  duration,
  elapsed,
  isBusy,
  measuredLabel,
  shareLabel,
  shareOf,
  staleReason,
  standing,
  standingLabel,
  standingOf,
  turnsSpoken,
} from "../model/selectors";
import type { Store } from "../model/store";
import { emptyOutput, undoneOf } from "../model/undoing";
import type { Details, ErrorInfo, NodeView, PortPreview, ProblemView } from "../protocol/generated";
import { Icon } from "../view/icons";
import { lookOf } from "../view/kinds";
import {
  selectDetails,
  selectFlow,
  selectProgress,
  selectQueued,
  selectRun,
  selectStreams,
  useStore,
} from "../view/useStore";
import { useTick } from "../view/useTick";
import { PreviewOf } from "./PreviewOf";
import { ProblemRows } from "./ProblemList";
import { Sources } from "./Sources";
import { StreamTab } from "./StreamTab";

const REFRESH_MS = 1500;
const TABS = ["Output", "Stream", "Input", "Logs", "Code", "Error"] as const;
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
  const details = useStore(store, selectDetails)[name];
  const live = useStore(store, selectStreams)[name];
  const queued = useStore(store, selectQueued) !== null;
  const one = run?.nodes[name];
  const node = flow?.nodes.find((each) => each.name === name);
  const running = isBusy(standing(one));
  // Inside of a container the phase changes with every turn, which is more often than one can read.
  const phase = one?.counts === undefined ? one?.phase : standing(one);
  const attempt = one?.counts === undefined ? one?.attempt : 0;
  const [tab, setTab] = useState<Tab | null>(null);
  useTick(running, 250);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these makes the answer stale
  useEffect(() => inspect(name), [name, run?.run, queued, phase, attempt, flow?.nodes.length]);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => inspect(name), REFRESH_MS);
    return () => clearInterval(timer);
  }, [running, name, inspect]);

  if (node === undefined) return null;
  const problems = flow?.problems.filter((each) => each.node === name) ?? [];
  const stale = flow === null ? null : staleReason(flow, name);
  const error = one?.error ?? details?.error ?? null;
  const failed = one?.outcome === "failed";
  const streams = live !== undefined || (details?.stream ?? null) !== null;
  const usual = one === undefined ? "Code" : running && streams ? "Stream" : "Output";
  const current = tab ?? (failed ? "Error" : usual);
  const absent = (each: Tab) =>
    (each === "Error" && error === null) || (each === "Stream" && !streams);
  const shown = absent(current) ? "Output" : current;
  return (
    <aside className="fb-panel" aria-label={`Details of ${name}`}>
      <Head node={node} run={one} details={details} store={store} onClose={onClose} />
      {running && <Going name={name} store={store} />}
      {stale !== null && <p className="fb-panel-stale">{stale} Run again to renew it.</p>}
      {problems.length > 0 && <Warnings problems={problems} />}
      <Tabs
        tabs={TABS.filter((each) => !absent(each))}
        counts={{ Logs: details?.logs.length ?? 0 }}
        current={shown}
        onChange={setTab}
      >
        {shown === "Error" && error !== null ? (
          <ErrorView error={error} node={node} final={failed} />
        ) : shown === "Stream" ? (
          <StreamTab details={details?.stream ?? null} live={live} running={running} />
        ) : details === undefined ? (
          <p className="fb-faint" aria-busy="true">
            Asking the kernel…
          </p>
        ) : (
          <Body tab={shown} details={details} empty={emptyOutput(run, name, queued)} node={node} />
        )}
      </Tabs>
    </aside>
  );
}

interface HeadProps {
  readonly node: NodeView;
  readonly run: NodeRun | undefined;
  readonly details: Details | undefined;
  readonly store: Store;
  readonly onClose: () => void;
}

function Head({ node, run, details, store, onClose }: HeadProps) {
  const scope = details?.scope ?? "";
  const ms = elapsed(run, store.now());
  const status = standingOf(store.state, node.name);
  const facts = [
    ms === null ? "" : duration(ms),
    attemptLabel(run?.attempt ?? 0),
    measuredLabel(details?.measured ?? null),
    turnsSpoken(run?.turns),
    countsSpoken(run?.counts),
    undoneOf(store.state.run, node.name) ?? "",
    scope === "" ? "" : `turn ${scope}`,
    node.index === null ? "" : `cell ${node.index + 1}`,
    ...Object.entries(node.options).map(([name, value]) => optionFact(name, value)),
  ].filter(Boolean);
  const look = lookOf(node.kind);
  return (
    <header className="fb-panel-head">
      <span className="fb-kind" data-kind={node.kind} data-tone={look.tone}>
        <Icon name={look.icon} />
      </span>
      <div className="fb-panel-title">
        <h2>{node.name}</h2>
        <div className="fb-panel-facts">
          <span className="fb-state" data-status={status}>
            <i className="fb-state-icon" aria-hidden="true" />
            {standingLabel(status)}
          </span>
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </div>
      </div>
      <button
        type="button"
        className="fb-tool"
        aria-label="Close details"
        title="Close (Escape)"
        onClick={onClose}
      >
        <Icon name="close" />
      </button>
    </header>
  );
}

/** An option in the head; a schema is too long for it, and stands in the code. */
function optionFact(name: string, value: string): string {
  return name === "inputs" || name === "outputs" ? `${name} with schema` : `${name} ${value}`;
}

/** How far a running node says it is. */
function Going({ name, store }: { readonly name: string; readonly store: Store }) {
  const told = useStore(store, selectProgress)[name];
  if (told === undefined) return null;
  const share = shareOf(told);
  const words = told.text || shareLabel(told) || `${told.done} done`;
  return (
    <div className="fb-going">
      <div
        className="fb-going-bar"
        role="progressbar"
        aria-label={`Progress of ${name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.floor(share * 100)}
        aria-valuetext={words}
      >
        <i
          className={share === null ? "fb-unknown" : undefined}
          style={share === null ? undefined : { width: `${(share * 100).toFixed(1)}%` }}
        />
      </div>
      <span>{words}</span>
    </div>
  );
}

function Warnings({ problems }: { readonly problems: readonly ProblemView[] }) {
  return (
    <div className="fb-panel-problems">
      <ProblemRows problems={problems} />
    </div>
  );
}

interface TabsProps {
  readonly tabs: readonly Tab[];
  readonly counts: Partial<Record<Tab, number>>;
  readonly current: Tab;
  readonly onChange: (tab: Tab) => void;
  readonly children: ReactNode;
}

function Tabs({ tabs, counts, current, onChange, children }: TabsProps) {
  const id = useId();
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length];
    if (step === 0 || next === undefined) return;
    onChange(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    event.preventDefault();
  };
  return (
    <>
      <div className="fb-tabs" role="tablist" aria-label="What to show" onKeyDown={keys}>
        {tabs.map((tab) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`${id}-${tab}`}
            data-tab={tab}
            aria-selected={tab === current}
            aria-controls={`${id}-panel`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => onChange(tab)}
          >
            {tab}
            {(counts[tab] ?? 0) > 0 && <span className="fb-count">{counts[tab]}</span>}
          </button>
        ))}
      </div>
      <div
        className="fb-tab"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${current}`}
      >
        {children}
      </div>
    </>
  );
}

interface BodyProps {
  readonly tab: Tab;
  readonly details: Details;
  /** What to say where there is no output. */
  readonly empty: string;
  readonly node: NodeView;
}

function Body({ tab, details, empty, node }: BodyProps) {
  switch (tab) {
    case "Output":
      return <Ports ports={details.outputs} empty={empty} />;
    case "Input":
      return (
        <>
          <Sources node={node} />
          <Ports
            ports={details.inputs}
            empty={
              node.inputs.length === 0
                ? "This node takes no input."
                : "Nothing came in yet. Run the flow to see what arrives here."
            }
          />
        </>
      );
    case "Logs":
      return <Logs details={details} />;
    default:
      return <Code details={details} />;
  }
}

function Ports({
  ports,
  empty,
}: {
  readonly ports: readonly PortPreview[];
  readonly empty: string;
}) {
  if (ports.length === 0) return <p className="fb-faint">{empty}</p>;
  return ports.map((port) => (
    <section key={port.port} className="fb-section">
      <h3>
        <span>{port.port}</span>
        <span className="fb-type">{port.type}</span>
      </h3>
      {port.preview === null ? (
        <p className="fb-faint">{port.note || "no preview"}</p>
      ) : (
        <PreviewOf preview={port.preview} />
      )}
    </section>
  ));
}

function Logs({ details }: { readonly details: Details }) {
  if (details.logs.length === 0) return <p className="fb-faint">Nothing was printed or logged.</p>;
  return (
    <div className="fb-logs">
      {details.logs_cut && <p className="fb-faint">Only the last lines are shown.</p>}
      {details.logs.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
        <div key={i} data-stream={line.stream}>
          <time>{new Date(line.at * 1000).toLocaleTimeString()}</time>
          <pre>{line.text.replace(/\n$/, "")}</pre>
        </div>
      ))}
    </div>
  );
}

function Code({ details }: { readonly details: Details }) {
  if (details.source.trim() === "") return <p className="fb-faint">This node has no text.</p>;
  return (
    <pre className="fb-code">
      <code data-language={details.language}>{details.source.replace(/^\n+|\s+$/g, "")}</code>
    </pre>
  );
}

interface ErrorViewProps {
  readonly error: ErrorInfo;
  readonly node: NodeView;
  readonly final: boolean;
}

function ErrorView({ error, node, final }: ErrorViewProps) {
  const place = [
    node.index === null ? "" : `cell ${node.index + 1}`,
    error.line ? `line ${error.line}` : "",
  ].filter(Boolean);
  return (
    <div className="fb-error">
      {!final && <p className="fb-faint">The last attempt failed; another one follows.</p>}
      <div className="fb-error-head">
        <strong>{error.type}</strong>
        {place.length > 0 && <span className="fb-where">{place.join(", ")}</span>}
      </div>
      <p className="fb-error-message">{error.message}</p>
      {error.hint && <p className="fb-hint">{error.hint}</p>}
      <Given inputs={error.inputs ?? {}} />
      {error.traceback && <pre className="fb-code fb-traceback">{error.traceback}</pre>}
    </div>
  );
}

/** What the attempt that failed was given. */
function Given({ inputs }: { readonly inputs: Readonly<Record<string, string>> }) {
  const given = Object.entries(inputs);
  if (given.length === 0) return null;
  return (
    <section className="fb-section" aria-label="What it was given">
      <h3>
        <span>Given</span>
      </h3>
      <dl className="fb-given">
        {given.map(([name, told]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{told}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
