import { useEffect, useRef, useState } from "react";
import { parseForm } from "../model/params";
import { type RunState, statusOf } from "../model/run";
import { duration, errorCount, finishing, summary, tally } from "../model/selectors";
import type { Store } from "../model/store";
import type { FlowView } from "../protocol/generated";
import { Icon } from "../view/icons";
import { selectFlow, selectQueued, selectRun, useStore } from "../view/useStore";
import { useTick } from "../view/useTick";
import { ParamForm } from "./ParamForm";

interface RunBarProps {
  readonly store: Store;
  readonly problemsOpen: boolean;
  readonly onRun: (params: Readonly<Record<string, unknown>>) => void;
  readonly onCancel: () => void;
  readonly onProblems: () => void;
}

export function RunBar({ store, problemsOpen, onRun, onCancel, onProblems }: RunBarProps) {
  const flow = useStore(store, selectFlow);
  const run = useStore(store, selectRun);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [open, setOpen] = useState(false);
  const bar = useRef<HTMLDivElement>(null);
  useClickOutside(bar, open, () => setOpen(false));
  const queued = useStore(store, selectQueued) !== null;
  const status = run === null ? null : statusOf(run);
  const going = queued || status === "running" || status === "suspended";
  useTick(going, 250);

  const params = flow?.params ?? [];
  const form = parseForm(params, texts);
  const wrong = Object.keys(form.errors).length > 0;
  const blocked = (flow?.nodes.length ?? 0) === 0 || errorCount(flow?.problems ?? []) > 0;
  const last = run !== null && finishing(run);
  const start = () => {
    setOpen(wrong);
    if (!wrong) onRun(form.values);
  };
  return (
    <div className="fb-runbar" ref={bar}>
      <span className="fb-title" title={flow?.flow}>
        <Icon name="flow" />
        <span>{flow?.flow ?? "Flow"}</span>
      </span>
      <button
        type="button"
        className="fb-button fb-primary"
        data-action="run"
        disabled={going || blocked}
        title={blocked ? "The flow has problems to solve first" : "Run the whole flow (r)"}
        onClick={start}
      >
        <Icon name="play" size={14} /> Run
      </button>
      <button
        type="button"
        className="fb-button"
        data-action="cancel"
        disabled={!going || (run?.cancelling === true && !last)}
        title={last ? "Give up on what undoes and cleans up (c)" : "Stop the run (c)"}
        onClick={onCancel}
      >
        <Icon name="stop" size={14} /> {stopLabel(run, going)}
      </button>
      {params.length > 0 && (
        <button
          type="button"
          className="fb-button"
          data-action="params"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name="sliders" size={14} /> Parameters
          {wrong && <span className="fb-dot" title="A parameter needs attention" />}
        </button>
      )}
      <Status store={store} run={run} />
      <Problems flow={flow} open={problemsOpen} onClick={onProblems} />
      {open && (
        <ParamForm
          params={params}
          form={form}
          texts={texts}
          busy={going || blocked}
          onChange={(name, text) => setTexts({ ...texts, [name]: text })}
          onReset={() => setTexts({})}
          onClose={() => setOpen(false)}
          onRun={start}
        />
      )}
      {run !== null && <Meter run={run} going={going} />}
    </div>
  );
}

function stopLabel(run: RunState | null, going: boolean): string {
  if (run === null || !run.cancelling || !going) return "Cancel";
  return finishing(run) ? "Give up" : "Stopping…";
}

function Status({ store, run }: { readonly store: Store; readonly run: RunState | null }) {
  useStore(store, selectFlow);
  const queued = useStore(store, selectQueued) !== null;
  const status = queued ? "queued" : run === null ? "idle" : statusOf(run);
  const ms =
    run === null || queued ? null : (run.ms ?? Math.max(0, (store.now() - run.startedAt) * 1000));
  const said = summary(store.state);
  return (
    <span className="fb-summary" data-status={status}>
      <i className="fb-state-icon" aria-hidden="true" />
      <span role="status" aria-live="polite" className="fb-summary-text" title={said}>
        {said}
      </span>
      {ms !== null && <span className="fb-elapsed">{duration(ms)}</span>}
    </span>
  );
}

interface ProblemsProps {
  readonly flow: FlowView | null;
  readonly open: boolean;
  readonly onClick: () => void;
}

function Problems({ flow, open, onClick }: ProblemsProps) {
  const count = flow?.problems.length ?? 0;
  if (count === 0) return null;
  const wrong = errorCount(flow?.problems ?? []) > 0;
  return (
    <button
      type="button"
      className="fb-button fb-problems-button"
      data-severity={wrong ? "error" : "warning"}
      aria-expanded={open}
      onClick={onClick}
    >
      <Icon name="warning" size={14} /> {count} {count === 1 ? "problem" : "problems"}
    </button>
  );
}

function Meter({ run, going }: { readonly run: RunState; readonly going: boolean }) {
  const { done, total } = tally(run);
  const share = total === 0 ? 0 : done / total;
  return (
    <div className="fb-meter" data-status={statusOf(run)} data-going={going || undefined}>
      <i style={{ width: `${(share * 100).toFixed(1)}%` }} />
    </div>
  );
}

function useClickOutside(
  root: { readonly current: HTMLElement | null },
  active: boolean,
  act: () => void,
): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!active) return;
    const down = (event: PointerEvent) => {
      if (root.current !== null && !event.composedPath().includes(root.current)) latest.current();
    };
    document.addEventListener("pointerdown", down, true);
    return () => document.removeEventListener("pointerdown", down, true);
  }, [root, active]);
}
