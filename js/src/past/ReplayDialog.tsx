/** A replay: from where, with what other data; and before it starts, what it would take and run. */
import { useId, useMemo, useState } from "react";
import { type LaunchState, launchOf } from "../editor/launch";
import { fieldKind } from "../model/params";
import { DialogFrame } from "../panels/dialogs/DialogFrame";
import type { ParamView, TableChange } from "../protocol/generated";
import { Icon } from "../view/icons";
import { useEditor } from "../view/useEditor";
import { useLaunch } from "../view/useLaunch";
import { type RunRow, shortId, usePage } from "./facts";
import { type Begin, bodyOf, changedParams, planSummary, shown } from "./model/replaying";
import { nodeOf } from "./model/stops";
import { placeName, told } from "./model/telling";
import { useDesk } from "./useDesk";
import { type Planned, sentence, usePlan } from "./usePlan";

export function ReplayDialog({ row }: { readonly row: RunRow }) {
  const page = usePage();
  const desk = useDesk();
  const editor = useEditor();
  const launch = launchOf(editor);
  const { changed } = useLaunch(launch);
  const tables = useMemo(() => tablesOf(changed), [changed]);
  const [begin, setBegin] = useState<Begin>(() =>
    firstChoice(
      editor.selected().map((one) => one.name),
      tables.length,
    ),
  );
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [asRun, setAsRun] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const params = editor.flow?.params ?? [];
  const other = useMemo(() => changedParams(params, row.params, texts), [params, row, texts]);
  const wrong = Object.keys(other.errors).length > 0;
  const body = bodyOf({ begin, params: other.params, asRun, tables });
  const planned = usePlan(wrong ? null : body);
  const close = () => desk.change({ asking: null });

  const start = async () => {
    setBusy(true);
    setRefusal("");
    try {
      const { run } = (await page.ask("POST", `runs/${page.run}/replay`, body)) as { run: string };
      launch.change({ changed: {} });
      close();
      await page.act({ do: "open", run });
    } catch (reason) {
      setRefusal(sentence(reason));
      setBusy(false);
    }
  };
  // What is started is what was shown: a plan of what was wanted before does not count.
  const barred = busy || !planned.current || planned.plan?.problems.length !== 0;
  return (
    <DialogFrame title={`Replay run ${shortId(row.id)}`} shape="wide" onClose={close}>
      <form
        className="fb-dialog-body fb-replay"
        onSubmit={(event) => {
          event.preventDefault();
          if (!barred) void start();
        }}
      >
        <From begin={begin} onBegin={setBegin} />
        {params.length > 0 && (
          <Params
            params={params}
            had={row.params}
            texts={texts}
            errors={other.errors}
            onText={(name, text) => setTexts({ ...texts, [name]: text })}
          />
        )}
        <Edits tables={tables} onForget={() => launch.change({ changed: {} })} />
        <fieldset>
          <legend>Definition</legend>
          <label>
            <input type="radio" name="version" checked={!asRun} onChange={() => setAsRun(false)} />
            As the notebook has it now
          </label>
          <label>
            <input type="radio" name="version" checked={asRun} onChange={() => setAsRun(true)} />
            As this run had it
          </label>
        </fieldset>
        <PlanOf {...planned} failure={refusal || planned.failure} wrong={wrong} />
        <div className="fb-past-ask-foot">
          <button type="button" className="fb-button" onClick={close}>
            Not now
          </button>
          <button
            type="submit"
            className="fb-button fb-primary"
            data-action="replay-now"
            disabled={barred}
          >
            <Icon name="play" size={14} /> Replay
          </button>
        </div>
      </form>
    </DialogFrame>
  );
}

function firstChoice(selected: readonly string[], edits: number): Begin {
  if (edits > 0) return { from: "changes" };
  return selected.length > 0 ? { from: "nodes", nodes: selected } : { from: "start" };
}

function tablesOf(changed: LaunchState["changed"]): readonly TableChange[] {
  return Object.entries(changed).map(([name, cells]) => {
    const [node = "", port = ""] = name.split(".");
    return { node, port, cells: Object.values(cells) };
  });
}

interface FromProps {
  readonly begin: Begin;
  readonly onBegin: (begin: Begin) => void;
}

function From({ begin, onBegin }: FromProps) {
  const desk = useDesk();
  const editor = useEditor();
  const selected = editor.selected().map((one) => one.name);
  const { count } = desk.state;
  const event = desk.events[count - 1];
  const failed = desk.events.some((one) => one.kind === "NODE_FAILED" && nodeOf(one) !== "");
  const choice = (value: Begin, label: string, disabled = "") => (
    <label key={value.from} aria-disabled={disabled !== "" || undefined} title={disabled}>
      <input
        type="radio"
        name="from"
        data-focus={begin.from === value.from || undefined}
        checked={begin.from === value.from}
        disabled={disabled !== ""}
        onChange={() => onBegin(value)}
      />
      {label}
      {disabled !== "" && <small>{disabled}</small>}
    </label>
  );
  const names = selected.length > 3 ? `${selected.length} nodes` : selected.join(", ");
  return (
    <fieldset>
      <legend>From</legend>
      {choice({ from: "start" }, "the start: everything runs")}
      {choice(
        { from: "nodes", nodes: selected },
        selected.length === 0 ? "the selected nodes" : `${names}, and what follows`,
        selected.length === 0 ? "no node is selected" : "",
      )}
      {choice(
        { from: "moment", seq: event?.seq ?? 0 },
        desk.isNow || event === undefined
          ? "the moment that is shown"
          : `event ${event.seq}: ${[placeName(event), told(event)].filter(Boolean).join(" ")}`,
        desk.isNow ? "the end is shown" : "",
      )}
      {choice({ from: "failed" }, "what failed, item by item", failed ? "" : "nothing failed")}
      {choice({ from: "changes" }, "whatever depends on what is changed below")}
    </fieldset>
  );
}

interface ParamsProps {
  readonly params: readonly ParamView[];
  readonly had: Readonly<Record<string, unknown>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly errors: Readonly<Record<string, string>>;
  readonly onText: (name: string, text: string) => void;
}

function Params({ params, had, texts, errors, onText }: ParamsProps) {
  const id = useId();
  return (
    <fieldset>
      <legend>Parameters</legend>
      <div className="fb-replay-params">
        {params.map((param) => {
          const text = texts[param.name] ?? shown(had[param.name]);
          const error = errors[param.name];
          const other = text !== shown(had[param.name]);
          return (
            <div key={param.name} data-other={other || undefined}>
              <label htmlFor={`${id}-${param.name}`}>
                {param.name} <small>{param.annotation ?? fieldKind(param)}</small>
              </label>
              <input
                id={`${id}-${param.name}`}
                type="text"
                spellCheck={false}
                autoComplete="off"
                value={text}
                aria-invalid={error !== undefined}
                aria-describedby={`${id}-${param.name}-note`}
                onInput={(event) => onText(param.name, event.currentTarget.value)}
              />
              <small id={`${id}-${param.name}-note`} role={error ? "alert" : undefined}>
                {error ?? (other ? `was ${shown(had[param.name]) || "nothing"}` : "")}
              </small>
            </div>
          );
        })}
      </div>
    </fieldset>
  );
}

interface EditsProps {
  readonly tables: readonly TableChange[];
  readonly onForget: () => void;
}

/** Cells that were changed by hand, in the grids of the details. */
function Edits({ tables, onForget }: EditsProps) {
  if (tables.length === 0)
    return (
      <p className="fb-faint">
        To change data, close this, select a node and edit cells of its output (Enter or a double
        click): they wait here.
      </p>
    );
  return (
    <fieldset>
      <legend>Cells changed by hand</legend>
      <ul>
        {tables.map(({ node, port, cells }) => (
          <li key={`${node}.${port}`}>
            {cells.length} in {node}.{port}
          </li>
        ))}
      </ul>
      <button type="button" className="fb-link" onClick={onForget}>
        Forget them
      </button>
    </fieldset>
  );
}

interface PlanProps extends Planned {
  readonly wrong: boolean;
}

const FATES = { taken: "taken", given: "given", runs: "runs", skipped: "not taken" } as const;

function PlanOf({ plan, failure, current, wrong }: PlanProps) {
  if (failure !== "")
    return (
      <p className="fb-replay-problem" role="alert">
        {failure}
      </p>
    );
  if (wrong) return <p className="fb-faint">A parameter has no value that fits.</p>;
  if (plan === null)
    return (
      <p className="fb-faint" aria-busy="true">
        Looking at what would be taken…
      </p>
    );
  return (
    <section aria-label="What it would do" aria-busy={!current}>
      <p role="status">{planSummary(plan)}</p>
      {plan.problems.map((text) => (
        <p key={text} className="fb-replay-problem" role="alert">
          Cannot start: {text}
        </p>
      ))}
      {plan.warnings.map((text) => (
        <p key={text} className="fb-replay-warning">
          {text}
        </p>
      ))}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long plan is scrolled by keyboard */}
      <section className="fb-replay-plan" tabIndex={0} aria-label="Node by node">
        <table>
          <tbody>
            {plan.nodes.map((one) => (
              <tr key={one.node} data-fate={one.fate}>
                <th scope="row">{one.node}</th>
                <td>{FATES[one.fate]}</td>
                <td>
                  {[one.why, ...one.changes.filter((change) => !one.why.includes(change))]
                    .filter(Boolean)
                    .join(", ")}
                  {one.items > 0 && ` (${one.items} turns taken)`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
