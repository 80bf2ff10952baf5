/** When a flow is to run by itself: written field by field, read back in words as it is written. */
import type { ReactNode } from "react";
import type { Words } from "../runs/words";
import type { Draft } from "./draft";
import { type Editing, type Faults, standingOf } from "./editing";
import { ChoiceField, Labelled } from "./Fields";
import { Refused } from "./Notices";
import { Rules } from "./Rules";
import type { FlowChoice, Zones } from "./schedule";
import { Times } from "./Times";

export interface FormProps {
  readonly editing: Editing;
  readonly flows: readonly FlowChoice[];
  readonly zones: Zones;
  readonly trans: Words;
  readonly onWrite: (change: Partial<Draft>) => void;
  readonly onSave: () => void;
  readonly onCancel: () => void;
}

/** The form of one schedule: it can be saved once the server has read it and would take it. */
export function ScheduleForm(props: FormProps): ReactNode {
  const { editing, zones, trans, onWrite, onSave, onCancel } = props;
  const { of, draft, checked, current, saving, refused } = editing;
  const { faults, sendable, savable } = standingOf(editing, new Date(), trans);
  const flows = props.flows.map(({ flow }) => flow);
  const parts = { faults, trans, onWrite };
  return (
    <form
      className="fb-schedules-form"
      aria-label={trans.__("Schedule")}
      aria-busy={!current && sendable}
      onKeyDown={(event) => {
        if (event.key === "Escape") onCancel();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        if (savable) onSave();
      }}
    >
      <Subject {...{ flow: draft.flow, name: draft.name, flows, ...parts }} isNew={of === null} />
      <Times {...{ timing: draft, zones, ...parts }} checked={sendable ? checked : null} />
      <Rules {...{ ruling: draft, flow: draft.flow, flows, ...parts }} />
      <Parameters {...{ input: draft.input, ...parts }} />
      {refused !== null && <Refused refusal={refused} />}
      <Foot {...{ saving, savable, trans, onCancel }} />
    </form>
  );
}

interface PartProps {
  readonly faults: Faults;
  readonly trans: Words;
  readonly onWrite: FormProps["onWrite"];
}

interface SubjectProps extends PartProps, Pick<Draft, "flow" | "name"> {
  readonly flows: readonly string[];
  /** Only what is not there yet can be named. */
  readonly isNew: boolean;
}

/** What runs, and what its schedule is called. */
function Subject(props: SubjectProps): ReactNode {
  const { flow, name, flows, isNew, faults, trans, onWrite } = props;
  const others = flows.includes(flow) ? [] : [[flow, flow || trans.__("Choose a flow")] as const];
  return (
    <>
      <ChoiceField
        label={trans.__("Flow")}
        fault={faults.flow}
        value={flow}
        options={[...others, ...flows.map((one) => [one, one] as const)]}
        onChange={(one) => onWrite({ flow: one })}
      />
      <Labelled label={trans.__("Name")} fault={faults.name}>
        {(about) => (
          <input
            {...about}
            readOnly={!isNew}
            value={name}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target }) => onWrite({ name: target.value })}
          />
        )}
      </Labelled>
    </>
  );
}

/** What the flow is run with. */
function Parameters({ input, faults, trans, onWrite }: PartProps & Pick<Draft, "input">) {
  return (
    <Labelled label={trans.__("Parameters, as JSON")} fault={faults.input_data}>
      {(about) => (
        <textarea
          {...about}
          className="fb-schedules-code"
          rows={3}
          spellCheck={false}
          value={input}
          onChange={({ target }) => onWrite({ input: target.value })}
        />
      )}
    </Labelled>
  );
}

interface FootProps extends Pick<FormProps, "trans" | "onCancel"> {
  readonly saving: boolean;
  readonly savable: boolean;
}

function Foot({ saving, savable, trans, onCancel }: FootProps): ReactNode {
  return (
    <footer>
      <button type="button" className="fb-runs-button" onClick={onCancel}>
        {trans.__("Cancel")}
      </button>
      <button
        type="submit"
        className="fb-runs-button fb-schedules-save"
        data-action="save"
        disabled={!savable}
      >
        {saving ? trans.__("Saving…") : trans.__("Save")}
      </button>
    </footer>
  );
}
