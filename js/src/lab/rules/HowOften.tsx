/** How often a rule tells at most, and of runs started by what: folded away. */
import type { ReactNode } from "react";
import { TRIGGERS, type Trigger } from "../runs/run";
import { Select } from "../runs/Select";
import { triggerWord } from "../runs/words";
import { UNITS, type Unit } from "../schedules/draft";
import { Labelled } from "../schedules/Fields";
import { unitWord } from "../schedules/words";
import { canSeries } from "./draft";
import type { PartProps } from "./RuleForm";

export function HowOften(props: PartProps): ReactNode {
  const { draft, trans, onWrite } = props;
  return (
    <details className="fb-schedules-rules">
      <summary>{trans.__("How often, started by what")}</summary>
      <Quiet {...props} />
      {canSeries(draft.on) && (
        <label className="fb-rules-tick">
          <input
            type="checkbox"
            checked={draft.firstOnly}
            onChange={({ target }) => onWrite({ firstOnly: target.checked })}
          />
          {trans.__("Only the first of a series of failures")}
        </label>
      )}
      {draft.on !== "missed" && <Started {...props} />}
    </details>
  );
}

function Quiet({ draft, faults, trans, onWrite }: PartProps): ReactNode {
  const units = Object.keys(UNITS) as Unit[];
  return (
    <Labelled
      label={trans.__("At most once per flow in")}
      help={trans.__("0: of each")}
      fault={faults.quiet}
    >
      {(about) => (
        <span className="fb-schedules-pair">
          <input
            {...about}
            inputMode="decimal"
            value={draft.quiet}
            onChange={({ target }) => onWrite({ quiet: target.value })}
          />
          <Select
            aria-label={trans.__("Unit")}
            value={draft.quietUnit}
            options={units.map((one) => [one, unitWord(trans, one)] as const)}
            onChange={(one) => onWrite({ quietUnit: one })}
          />
        </span>
      )}
    </Labelled>
  );
}

/** With none chosen every run counts but those of sub-flows and evaluations; a test never does. */
function Started({ draft, faults, trans, onWrite }: PartProps): ReactNode {
  const turn = (one: Trigger, on: boolean) =>
    onWrite({ triggers: TRIGGERS.filter((t) => (t === one ? on : draft.triggers.includes(t))) });
  return (
    <fieldset>
      <legend>{trans.__("Only of runs started by")}</legend>
      <div className="fb-schedules-choice">
        {TRIGGERS.filter((one) => one !== "test").map((one) => (
          <label key={one}>
            <input
              type="checkbox"
              checked={draft.triggers.includes(one)}
              onChange={({ target }) => turn(one, target.checked)}
            />
            {triggerWord(trans, one)}
          </label>
        ))}
      </div>
      <small data-bad={faults.triggers !== undefined}>
        {faults.triggers ?? trans.__("none: by anything but sub-flows and evaluations")}
      </small>
    </fieldset>
  );
}
