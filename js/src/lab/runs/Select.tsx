/** One of several, each by its word: of a list that is short enough to be opened as a whole. */
import type { ReactNode } from "react";

export interface SelectProps<Value extends string> {
  readonly value: Value;
  readonly options: ReadonlyArray<readonly [value: Value, text: string]>;
  readonly onChange: (value: Value) => void;
  /** What a label and a note beside it need of it; a name of its own where there is no label. */
  readonly id?: string;
  readonly "aria-label"?: string;
  readonly "aria-describedby"?: string;
  readonly "aria-invalid"?: boolean;
}

export function Select<Value extends string>(props: SelectProps<Value>): ReactNode {
  const { options, onChange, ...about } = props;
  return (
    <select {...about} onChange={({ target }) => onChange(target.value as Value)}>
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}
