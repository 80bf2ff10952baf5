/** Fields under their labels; below each what is at fault in it, or else a hint. */
import { type ReactNode, useId } from "react";
import { Select } from "../runs/Select";

interface Label {
  readonly label: string;
  /** What may be written; a fault is said in its stead. */
  readonly help?: string | undefined;
  readonly fault?: string | undefined;
}

/** What an input has of its label and note, to be seen and heard as one with them. */
export interface About {
  readonly id: string;
  readonly "aria-describedby": string;
  readonly "aria-invalid": boolean;
}

export interface LabelledProps extends Label {
  readonly children: (about: About) => ReactNode;
}

/** A label, the input that is made for it, and the note on it: a fault speaks up as it comes. */
export function Labelled({ label, help = "", fault = "", children }: LabelledProps): ReactNode {
  const id = useId();
  const note = `${id}-note`;
  return (
    <div className="fb-schedules-field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": note, "aria-invalid": fault !== "" })}
      <small id={note} role={fault ? "alert" : undefined} data-bad={fault !== ""}>
        {fault || help}
      </small>
    </div>
  );
}

export interface FieldProps<Value extends string = string> extends Label {
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** A number, kept as the text it is typed as. */
export function NumberField({ value, onChange, ...label }: FieldProps): ReactNode {
  return (
    <Labelled {...label}>
      {(about) => (
        <input
          {...about}
          inputMode="decimal"
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Labelled>
  );
}

/** A reading of the schedule's clock: a day and a time, of no zone by itself. */
export function MomentField({ value, onChange, ...label }: FieldProps): ReactNode {
  return (
    <Labelled {...label}>
      {(about) => (
        <input
          {...about}
          type="datetime-local"
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Labelled>
  );
}

export interface ChoiceFieldProps<Value extends string> extends FieldProps<Value> {
  readonly options: ReadonlyArray<readonly [value: Value, text: string]>;
}

/** One of several words. */
export function ChoiceField<Value extends string>(props: ChoiceFieldProps<Value>): ReactNode {
  const { value, options, onChange, ...label } = props;
  return (
    <Labelled {...label}>
      {(about) => <Select {...about} {...{ value, options, onChange }} />}
    </Labelled>
  );
}
