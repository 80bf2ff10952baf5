/** A run at once with other parameters: those of the schedule, a row each, to be written over. */
import type { ReactNode } from "react";
import type { Words } from "../runs/words";
import { Labelled } from "./Fields";
import { Refused } from "./Notices";
import { faultsOf, type Row, type Starting } from "./starting";

export interface RunActs {
  readonly write: (place: number, change: Partial<Row>) => void;
  readonly more: () => void;
  readonly start: () => void;
  readonly close: () => void;
}

export interface RunFormProps {
  readonly starting: Starting;
  readonly trans: Words;
  readonly acts: RunActs;
}

/** Enter runs, Escape closes; what is written counts for this run alone. */
export function RunForm({ starting, trans, acts }: RunFormProps): ReactNode {
  const { of, rows, sending, refused } = starting;
  const faults = faultsOf(rows, trans);
  return (
    <form
      className="fb-schedules-form fb-schedules-run"
      aria-label={trans.__("Run %1 with", of)}
      aria-busy={sending}
      onKeyDown={(event) => {
        if (event.key === "Escape") acts.close();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        acts.start();
      }}
    >
      {rows.map((row, place) => (
        <Parameter
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are only added, at the end
          key={place}
          {...{ row, trans }}
          fault={faults.get(place)}
          onWrite={(change) => acts.write(place, change)}
        />
      ))}
      <button
        type="button"
        className="fb-runs-link fb-schedules-more-rows"
        data-action="more"
        onClick={acts.more}
      >
        {trans.__("One more parameter")}
      </button>
      <p className="fb-schedules-faint">
        {trans.__("For this run alone. A value is JSON, or else text.")}
      </p>
      {refused !== null && <Refused refusal={refused} />}
      <footer>
        <button type="button" className="fb-runs-button" onClick={acts.close}>
          {trans.__("Cancel")}
        </button>
        <button
          type="submit"
          className="fb-runs-button fb-schedules-save"
          data-action="start"
          aria-disabled={sending || faults.size > 0}
        >
          {sending ? trans.__("Starting…") : trans.__("Run")}
        </button>
      </footer>
    </form>
  );
}

interface ParameterProps {
  readonly row: Row;
  readonly fault: string | undefined;
  readonly trans: Words;
  readonly onWrite: (change: Partial<Row>) => void;
}

/** One of the schedule's has its name as its label; of another the name is written, too. */
function Parameter({ row, fault, trans, onWrite }: ParameterProps): ReactNode {
  const { name, text, given } = row;
  const field = (label: string, value: string, key: "name" | "text", wrong = "") => (
    <Labelled label={label} fault={wrong}>
      {(about) => (
        <input
          {...about}
          value={value}
          autoComplete="off"
          spellCheck={false}
          onChange={({ target }) => onWrite({ [key]: target.value })}
        />
      )}
    </Labelled>
  );
  if (given) return field(name, text, "text");
  return (
    <div className="fb-schedules-parameter">
      {field(trans.__("Parameter"), name, "name", fault)}
      {field(trans.__("Value"), text, "text")}
    </div>
  );
}
