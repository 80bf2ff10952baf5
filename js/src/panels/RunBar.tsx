import { useEffect, useRef } from "react";
import { type Launch, launchOf } from "../editor/launch";
import { type RunState, statusOf } from "../model/run";
import { duration, errorCount, finishing, summary, tally } from "../model/selectors";
import { nextHeld } from "../model/stepping";
import type { Store } from "../model/store";
import type { FlowView, ParamView } from "../protocol/generated";
import { Icon } from "../view/icons";
import { useCommands } from "../view/useEditor";
import { useHosted } from "../view/useHosted";
import { useLaunch } from "../view/useLaunch";
import { selectFlow, selectQueued, selectRun, useStore } from "../view/useStore";
import { useTick } from "../view/useTick";
import { ParamForm } from "./ParamForm";
import { RunMenu } from "./RunMenu";
import "./running.css";

/** The run, in one line: what starts and steers it, how it goes, and what is wrong. */
export function RunBar({ problemsOpen }: { readonly problemsOpen: boolean }) {
  const commands = useCommands();
  const { editor } = commands;
  const { store } = editor;
  const flow = useStore(store, selectFlow);
  const run = useStore(store, selectRun);
  const launch = launchOf(editor);
  const { open } = useLaunch(launch);
  const bar = useRef<HTMLDivElement>(null);
  useClickOutside(bar, open, () => launch.change({ open: false }));
  useStore(store, selectQueued);
  const { going } = launch;
  useTick(going, 250);
  const params = flow?.params ?? [];
  return (
    <div className="fb-runbar" ref={bar}>
      <span className="fb-title" title={flow?.flow}>
        <Icon name="flow" />
        <span>{flow?.flow ?? "Flow"}</span>
      </span>
      {!editor.still && <Controls run={run} flow={flow} />}
      <Status store={store} run={run} />
      <Problems flow={flow} open={problemsOpen} onClick={() => commands.execute("problems")} />
      {open && <Parameters launch={launch} params={params} />}
      {run !== null && <Meter run={run} going={going} />}
    </div>
  );
}

interface ControlsProps {
  readonly run: RunState | null;
  readonly flow: FlowView | null;
}

/** What starts, steers and stops the run. */
function Controls({ run, flow }: ControlsProps) {
  const commands = useCommands();
  const launch = launchOf(commands.editor);
  const { open } = useLaunch(launch);
  const { going, barred, form } = launch;
  const wrong = Object.keys(form.errors).length > 0;
  const last = run !== null && finishing(run);
  const hosted = useHosted();
  return (
    <>
      <span className="fb-split">
        {!hosted.has("run") && (
          <button
            type="button"
            className="fb-button fb-primary"
            data-action="run"
            disabled={barred !== ""}
            title={barred === "" ? "Run the whole flow (r)" : `Not now: ${barred}`}
            onClick={() => commands.execute("run")}
          >
            <Icon name="play" size={14} /> Run
          </button>
        )}
        <RunMenu alone={hosted.has("run")} />
      </span>
      {going && run !== null && <Steering run={run} />}
      {!hosted.has("cancel") && (
        <button
          type="button"
          className="fb-button"
          data-action="cancel"
          disabled={!going || (run?.cancelling === true && !last)}
          title={last ? "Give up on what undoes and cleans up (c)" : "Stop the run (c)"}
          onClick={() => commands.execute("cancel")}
        >
          <Icon name="stop" size={14} /> {stopLabel(run, going)}
        </button>
      )}
      {(flow?.params.length ?? 0) > 0 && (
        <button
          type="button"
          className="fb-button"
          data-action="params"
          aria-expanded={open}
          onClick={() => commands.execute("parameters")}
        >
          <Icon name="sliders" size={14} /> Parameters
          {wrong && <span className="fb-dot" title="A parameter needs attention" />}
        </button>
      )}
      <Edited />
    </>
  );
}

interface ParametersProps {
  readonly launch: Launch;
  readonly params: readonly ParamView[];
}

function Parameters({ launch, params }: ParametersProps) {
  const { texts } = useLaunch(launch);
  return (
    <ParamForm
      params={params}
      form={launch.form}
      texts={texts}
      busy={launch.barred !== ""}
      onChange={(name, text) => launch.change({ texts: { ...texts, [name]: text } })}
      onReset={() => launch.change({ texts: {} })}
      onClose={() => launch.change({ open: false })}
      onRun={() => launch.start()}
    />
  );
}

/** Pause and resume; while it is paused, one node at a time. */
function Steering({ run }: { readonly run: RunState }) {
  const commands = useCommands();
  const next = nextHeld(run);
  return (
    <>
      <button
        type="button"
        className="fb-button"
        data-action="pause"
        disabled={run.cancelling}
        title={run.paused ? "Let the run go on (,)" : "Start no more nodes for now (,)"}
        onClick={() => commands.execute("pause")}
      >
        <Icon name={run.paused ? "play" : "pause"} size={14} /> {run.paused ? "Resume" : "Pause"}
      </button>
      {run.paused && (
        <button
          type="button"
          className="fb-button"
          data-action="step"
          disabled={next === null}
          title={next === null ? "No node waits to go" : `Run ${next}, then hold again (.)`}
          onClick={() => commands.execute("step")}
        >
          <Icon name="step" size={14} /> Step{next === null ? "" : ` ${next}`}
        </button>
      )}
    </>
  );
}

/** Cells that were changed by hand and wait for a run. */
function Edited() {
  const commands = useCommands();
  const launch = launchOf(commands.editor);
  useLaunch(launch);
  if (launch.edits === 0) return null;
  return (
    <button
      type="button"
      className="fb-button fb-edited"
      data-action="run-edited"
      disabled={launch.barred !== ""}
      title="The last run once more, on these rows"
      onClick={() => commands.execute("run-edited")}
    >
      <Icon name="play" size={14} /> {commands.get("run-edited").label(commands.editor)}
    </button>
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
