/** When a flow is to run by itself: written field by field, read back in words as it is written. */
import { type ReactNode, useId } from "react";
import type { Words } from "../runs/words";
import { bodyOf, type Draft, EXAMPLES, type Field, UNITS, type Unit, type When } from "./draft";
import { Fires } from "./Fires";
import type { Editing } from "./model";
import type { CatchUp, Checked, FlowChoice, Overlap, Zones } from "./schedule";
import { catchUpWord, overlapWord } from "./words";

export interface FormProps {
  readonly editing: Editing;
  readonly flows: readonly FlowChoice[];
  readonly zones: Zones;
  readonly trans: Words;
  readonly onWrite: (change: Partial<Draft>) => void;
  readonly onSave: () => void;
  readonly onCancel: () => void;
}

export function ScheduleForm(props: FormProps): ReactNode {
  const { editing, trans, onSave, onCancel } = props;
  const { draft, checked, current, saving, refused } = editing;
  const { errors } = bodyOf(draft, new Date(), trans);
  const wrong = Object.keys(errors).length > 0;
  const barred = wrong || saving || !current || checked?.valid !== true;
  return (
    <form
      className="fb-schedules-form"
      aria-label={trans.__("Schedule")}
      aria-busy={!current && !wrong}
      onKeyDown={(event) => {
        if (event.key === "Escape") onCancel();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        if (!barred) onSave();
      }}
    >
      <Of {...props} errors={errors} />
      <Times {...props} errors={errors} />
      {!wrong && checked !== null && <Reading checked={checked} trans={trans} />}
      <Rules {...props} errors={errors} />
      <Input {...props} errors={errors} />
      {refused !== null && (
        <p className="fb-schedules-bad" role="alert">
          {refused.message} {refused.hint}
        </p>
      )}
      <footer>
        <button type="button" className="fb-runs-button" onClick={onCancel}>
          {trans.__("Cancel")}
        </button>
        <button
          type="submit"
          className="fb-runs-button fb-schedules-save"
          data-action="save"
          disabled={barred}
        >
          {saving ? trans.__("Saving…") : trans.__("Save")}
        </button>
      </footer>
    </form>
  );
}

type PartProps = FormProps & { readonly errors: Readonly<Partial<Record<Field, string>>> };

/** What a field is refused, here or by the server. */
function faultOf({ errors, editing }: PartProps, ...fields: Field[]): string {
  const own = fields.map((field) => errors[field]).find((one) => one !== undefined);
  if (own !== undefined) return own;
  const refused = editing.current ? editing.checked?.refused : null;
  if (!refused || !fields.includes(refused.field as Field)) return "";
  return [refused.message, refused.hint].filter(Boolean).join(" ");
}

interface LabelledProps {
  readonly label: string;
  readonly help?: string;
  readonly fault?: string;
  readonly children: (about: {
    readonly id: string;
    readonly "aria-describedby": string;
    readonly "aria-invalid": boolean;
  }) => ReactNode;
}

function Labelled({ label, help = "", fault = "", children }: LabelledProps): ReactNode {
  const id = useId();
  const about = { id, "aria-describedby": `${id}-note`, "aria-invalid": fault !== "" };
  return (
    <div className="fb-schedules-field">
      <label htmlFor={id}>{label}</label>
      {children(about)}
      <small id={`${id}-note`} role={fault ? "alert" : undefined} data-bad={fault !== ""}>
        {fault || help}
      </small>
    </div>
  );
}

function Of(props: PartProps): ReactNode {
  const { editing, flows, trans, onWrite } = props;
  const { draft, of } = editing;
  const known = flows.some(({ flow }) => flow === draft.flow);
  return (
    <>
      <Labelled label={trans.__("Flow")} fault={faultOf(props, "flow")}>
        {(about) => (
          <select
            {...about}
            data-focus={of === null || undefined}
            value={draft.flow}
            onChange={({ target }) => onWrite({ flow: target.value })}
          >
            {!known && (
              <option value={draft.flow}>{draft.flow || trans.__("Choose a flow")}</option>
            )}
            {flows.map(({ flow }) => (
              <option key={flow}>{flow}</option>
            ))}
          </select>
        )}
      </Labelled>
      <Labelled label={trans.__("Name")} fault={faultOf(props, "name")}>
        {(about) => (
          <input
            {...about}
            readOnly={of !== null}
            value={draft.name}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target }) => onWrite({ name: target.value })}
          />
        )}
      </Labelled>
    </>
  );
}

function Times(props: PartProps): ReactNode {
  const { editing, zones, trans, onWrite } = props;
  const { draft } = editing;
  const zoneList = useId();
  const choice = (when: When, label: string) => (
    <label>
      <input
        type="radio"
        name="when"
        checked={draft.when === when}
        onChange={() => onWrite({ when })}
      />
      {label}
    </label>
  );
  return (
    <fieldset>
      <legend>{trans.__("When")}</legend>
      <div className="fb-schedules-choice">
        {choice("cron", trans.__("By the clock"))}
        {choice("every", trans.__("Every so often"))}
        {choice("at", trans.__("Once"))}
      </div>
      {draft.when === "cron" && <Cron {...props} />}
      {draft.when === "every" && <Every {...props} />}
      {draft.when === "at" && <Once {...props} />}
      <Labelled label={trans.__("Time zone")} fault={faultOf(props, "timezone")}>
        {(about) => (
          <>
            <input
              {...about}
              list={zoneList}
              value={draft.timezone}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target }) => onWrite({ timezone: target.value.trim() })}
            />
            <datalist id={zoneList}>
              {[...new Set([...zones.common, ...zones.timezones])].map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Labelled>
    </fieldset>
  );
}

function Cron(props: PartProps): ReactNode {
  const { editing, trans, onWrite } = props;
  const help = trans.__("minute, hour, day of month, month, day of week");
  return (
    <>
      <Labelled label={trans.__("Cron expression")} help={help} fault={faultOf(props, "cron")}>
        {(about) => (
          <input
            {...about}
            className="fb-schedules-code"
            value={editing.draft.cron}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target }) => onWrite({ cron: target.value })}
          />
        )}
      </Labelled>
      <fieldset className="fb-schedules-examples">
        <legend>{trans.__("Examples")}</legend>
        {EXAMPLES.map((cron) => (
          <button
            key={cron}
            type="button"
            className="fb-runs-chip"
            aria-pressed={editing.draft.cron === cron}
            onClick={() => onWrite({ cron })}
          >
            <code>{cron}</code>
          </button>
        ))}
      </fieldset>
    </>
  );
}

function unitWord(trans: Words, unit: Unit): string {
  switch (unit) {
    case "seconds":
      return trans.__("seconds");
    case "minutes":
      return trans.__("minutes");
    case "hours":
      return trans.__("hours");
    case "days":
      return trans.__("days");
  }
}

function Every(props: PartProps): ReactNode {
  const { editing, trans, onWrite } = props;
  const { every, unit } = editing.draft;
  return (
    <Labelled label={trans.__("Every")} fault={faultOf(props, "every")}>
      {(about) => (
        <span className="fb-schedules-pair">
          <input
            {...about}
            inputMode="decimal"
            value={every}
            onChange={({ target }) => onWrite({ every: target.value })}
          />
          <select
            aria-label={trans.__("Unit")}
            value={unit}
            onChange={({ target }) => onWrite({ unit: target.value as Unit })}
          >
            {(Object.keys(UNITS) as Unit[]).map((one) => (
              <option key={one} value={one}>
                {unitWord(trans, one)}
              </option>
            ))}
          </select>
        </span>
      )}
    </Labelled>
  );
}

function Once(props: PartProps): ReactNode {
  const { editing, trans, onWrite } = props;
  const { at } = editing.draft;
  const put = (i: number, reading: string) =>
    onWrite({ at: at.map((one, j) => (i === j ? reading : one)) });
  return (
    <>
      {at.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a moment is known by its place alone
        <Labelled key={i} label={trans.__("At")} fault={i === 0 ? faultOf(props, "at") : ""}>
          {(about) => (
            <input
              {...about}
              type="datetime-local"
              value={one}
              onChange={({ target }) => put(i, target.value)}
            />
          )}
        </Labelled>
      ))}
      <button type="button" className="fb-runs-link" onClick={() => onWrite({ at: [...at, ""] })}>
        {trans.__("One more time")}
      </button>
    </>
  );
}

/** What has been written, in words, and the moments that it means. */
function Reading({ checked, trans }: { readonly checked: Checked; readonly trans: Words }) {
  const { refused } = checked;
  const elsewhere = refused !== null && refused.field === null;
  if (checked.words === "" && !elsewhere) return null;
  return (
    <section className="fb-schedules-reading" aria-label={trans.__("What this means")}>
      {checked.words !== "" && <p role="status">{checked.words}</p>}
      {checked.warnings.map((text) => (
        <p key={text} className="fb-schedules-warn">
          {text}
        </p>
      ))}
      {checked.words !== "" && <Fires fires={checked.next} trans={trans} />}
      {elsewhere && (
        <p className="fb-schedules-bad" role="alert">
          {refused.message} {refused.hint}
        </p>
      )}
    </section>
  );
}

function Rules(props: PartProps): ReactNode {
  const { editing, flows, trans, onWrite } = props;
  const { draft } = editing;
  const number = (
    label: string,
    field: Field,
    key: "parallel" | "catchUpMost" | "grace" | "jitter",
    help = "",
  ) => (
    <Labelled label={label} help={help} fault={faultOf(props, field)}>
      {(about) => (
        <input
          {...about}
          inputMode="decimal"
          value={draft[key]}
          onChange={({ target }) => onWrite({ [key]: target.value })}
        />
      )}
    </Labelled>
  );
  const moment = (label: string, field: Field, key: "start" | "end") => (
    <Labelled label={label} fault={faultOf(props, field)}>
      {(about) => (
        <input
          {...about}
          type="datetime-local"
          value={draft[key]}
          onChange={({ target }) => onWrite({ [key]: target.value })}
        />
      )}
    </Labelled>
  );
  return (
    <details className="fb-schedules-rules">
      <summary>{trans.__("Overlap, missed moments, limits")}</summary>
      <Labelled
        label={trans.__("When the run before still goes on")}
        fault={faultOf(props, "overlap")}
      >
        {(about) => (
          <select
            {...about}
            value={draft.overlap}
            onChange={({ target }) => onWrite({ overlap: target.value as Overlap })}
          >
            {(["skip", "queue_one", "parallel"] as const).map((one) => (
              <option key={one} value={one}>
                {overlapWord(trans, one)}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      {draft.overlap === "parallel" &&
        number(trans.__("How many at once"), "parallel", "parallel", trans.__("empty: any number"))}
      <Labelled label={trans.__("When moments were missed")} fault={faultOf(props, "catch_up")}>
        {(about) => (
          <select
            {...about}
            value={draft.catchUp}
            onChange={({ target }) => onWrite({ catchUp: target.value as CatchUp })}
          >
            {(["none", "latest", "all"] as const).map((one) => (
              <option key={one} value={one}>
                {catchUpWord(trans, one)}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      {draft.catchUp === "all" &&
        number(trans.__("How many at most"), "catch_up_most", "catchUpMost")}
      {number(
        trans.__("Grace, in seconds"),
        "grace",
        "grace",
        trans.__("later than that is missed"),
      )}
      {number(
        trans.__("Jitter, in seconds"),
        "jitter",
        "jitter",
        trans.__("a run begins up to so much later"),
      )}
      {moment(trans.__("Not before"), "start", "start")}
      {moment(trans.__("Until"), "end", "end")}
      <Labelled
        label={trans.__("After runs of")}
        help={trans.__("They must have succeeded since the moment before.")}
        fault={faultOf(props, "after")}
      >
        {(about) => (
          <select
            {...about}
            multiple
            size={Math.min(4, Math.max(2, flows.length))}
            value={[...draft.after]}
            onChange={({ target }) =>
              onWrite({ after: [...target.selectedOptions].map((one) => one.value) })
            }
          >
            {flows
              .filter(({ flow }) => flow !== draft.flow)
              .map(({ flow }) => (
                <option key={flow}>{flow}</option>
              ))}
          </select>
        )}
      </Labelled>
    </details>
  );
}

function Input(props: PartProps): ReactNode {
  const { editing, trans, onWrite } = props;
  const fault = faultOf(props, "input_data");
  return (
    <Labelled label={trans.__("Parameters, as JSON")} fault={fault}>
      {(about) => (
        <textarea
          {...about}
          className="fb-schedules-code"
          rows={3}
          spellCheck={false}
          value={editing.draft.input}
          onChange={({ target }) => onWrite({ input: target.value })}
        />
      )}
    </Labelled>
  );
}
