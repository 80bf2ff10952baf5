/** What the flow as a whole can be told: parameters, limits, notifications, recording. */
import "./inspector.css";
import { useEffect } from "react";
import { plain } from "../../model/schema";
import type { ParamView } from "../../protocol/generated";
import { Icon } from "../../view/icons";
import { useEditor } from "../../view/useEditor";
import { Options } from "./Options";
import { useAnswer, useDraft, useDrafts } from "./useInspector";
import { Add, free, NameBox, Remove } from "./ValueEdit";

const TYPES = ["", "str", "int", "float", "bool", "list", "dict"];

export function FlowSettings({ onClose }: { readonly onClose: () => void }) {
  const editor = useEditor();
  const drafts = useDrafts();
  const { answer: form, failed } = useAnswer<"FLOW_FORM">({ type: "FLOW_FORM" });
  useEffect(() => {
    if (form !== null) drafts.arrived("/", performance.now());
  }, [drafts, form]);
  useEffect(() => () => drafts.flush("/"), [drafts]);
  return (
    <aside className="fb-panel" aria-label="Settings of the flow">
      <header className="fb-panel-head">
        <div className="fb-panel-title">
          <h2>{editor.flow?.flow ?? "Flow"}</h2>
          <div className="fb-panel-facts">Settings of the flow</div>
        </div>
        <button
          type="button"
          className="fb-tool"
          aria-label="Close settings"
          title="Close (Escape)"
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      <div className="fb-tab fbi-inspect">
        {form === null ? (
          <p className="fb-faint" aria-busy={failed === ""}>
            {failed || "Asking what it can be told…"}
          </p>
        ) : (
          <>
            <Params params={form.params} />
            <Schedule />
            <Notifications />
            <Options node={null} options={form.options} />
          </>
        )}
      </div>
    </aside>
  );
}

/** When it runs by itself is told of its published version, so it is no setting of the notebook. */
function Schedule() {
  const { flow, schedule } = useEditor();
  if (flow === null || schedule === null) return null;
  return (
    <section className="fbi-group" aria-label="Schedule">
      <h3>Schedule</h3>
      <p className="fb-faint">Its published version can run by itself.</p>
      <button
        type="button"
        className="fb-button"
        data-action="schedule"
        onClick={() => schedule(flow.flow)}
      >
        <Icon name="calendar" size={14} /> When it runs…
      </button>
    </section>
  );
}

/** Who is told of its runs is a rule of the project, so it is no setting of the notebook either. */
function Notifications() {
  const { flow, notify } = useEditor();
  if (flow === null || notify === null) return null;
  return (
    <section className="fbi-group" aria-label="Rules">
      <h3>Rules</h3>
      <p className="fb-faint">
        The project can tell of its runs that fail, are slow, or do not come.
      </p>
      <button
        type="button"
        className="fb-button"
        data-action="notifications"
        onClick={() => notify(flow.flow)}
      >
        <Icon name="notify" size={14} /> Notifications…
      </button>
    </section>
  );
}

interface Param {
  readonly name: string;
  readonly default?: unknown;
  readonly annotation?: string;
  readonly help?: string;
}

function lean(one: ParamView): Param {
  return {
    name: one.name,
    ...(one.required ? {} : { default: one.default }),
    ...(one.annotation ? { annotation: one.annotation } : {}),
    ...(one.help ? { help: one.help } : {}),
  };
}

function Params({ params }: { readonly params: readonly ParamView[] }) {
  const drafts = useDrafts();
  const key = "/params";
  const draft = useDraft(key);
  const shown = draft === undefined ? params.map(lean) : (draft.value as readonly Param[]);
  const set = (next: readonly Param[], now = true) =>
    drafts.change(
      key,
      next,
      (value) => ({
        type: "EDIT",
        edit: { type: "SET_PARAMS", params: (value as Param[]).map(sent) },
      }),
      now,
    );
  const change = (at: number, made: Param, now = true) =>
    set(
      shown.map((one, i) => (i === at ? made : one)),
      now,
    );
  const taken = shown.map((one) => one.name);
  return (
    <section className="fbi-group" aria-label="Parameters">
      <h3>Parameters</h3>
      {shown.length === 0 && <p className="fb-faint">A run of it is given nothing.</p>}
      {shown.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name may be changed in its place
        <div key={i} className="fbi-param">
          <div className="fbi-port">
            <NameBox
              label={`Parameter ${one.name}`}
              name={one.name}
              taken={taken}
              onChange={(name) => change(i, { ...one, name })}
            />
            <select
              aria-label={`Type of ${one.name}`}
              value={one.annotation ?? ""}
              onChange={(event) => change(i, { ...one, annotation: event.target.value })}
            >
              {[...new Set([...TYPES, one.annotation ?? ""])].map((word) => (
                <option key={word} value={word}>
                  {word || "any"}
                </option>
              ))}
            </select>
            <Remove label={one.name} onClick={() => set(shown.filter((_, at) => at !== i))} />
          </div>
          <input
            aria-label={`Default of ${one.name}`}
            placeholder="no default: every run gives it"
            value={"default" in one ? text(one.default) : ""}
            onChange={(event) => {
              const { default: _, ...rest } = one;
              const typed = event.target.value;
              change(i, typed === "" ? rest : { ...one, default: typed }, false);
            }}
            onBlur={() => drafts.flush(key)}
          />
          <input
            aria-label={`Help of ${one.name}`}
            placeholder="what it is for"
            value={one.help ?? ""}
            onChange={(event) => change(i, { ...one, help: event.target.value }, false)}
            onBlur={() => drafts.flush(key)}
          />
        </div>
      ))}
      <Add
        label="Parameter"
        onClick={() => set([...shown, { name: free("parameter", taken), default: "" }])}
      />
      {draft?.error && (
        <p className="fb-field-error" role="alert">
          {draft.error} {draft.hint}
        </p>
      )}
    </section>
  );
}

/** A default as it is sent: what was typed as text is JSON, unless the type says text. */
function sent(one: Param): Param {
  const { default: value, ...rest } = one;
  if (value === undefined) return rest;
  const words = typeof value === "string" && one.annotation !== "str";
  return { ...rest, default: words ? plain(value) : value };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
