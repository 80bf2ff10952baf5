import { useId, useLayoutEffect, useRef } from "react";
import { type FieldKind, type Form, fieldKind, shownDefault } from "../model/params";
import type { ParamView } from "../protocol/generated";
import { Icon } from "../view/icons";

interface ParamFormProps {
  readonly params: readonly ParamView[];
  readonly form: Form;
  readonly texts: Readonly<Record<string, string>>;
  readonly busy: boolean;
  readonly onChange: (name: string, text: string) => void;
  readonly onReset: () => void;
  readonly onClose: () => void;
  readonly onRun: () => void;
}

export function ParamForm(props: ParamFormProps) {
  const { params, form, texts, busy, onChange, onReset, onClose, onRun } = props;
  const root = useRef<HTMLFormElement>(null);
  useLayoutEffect(
    () => root.current?.querySelector<HTMLElement>("input, select, textarea")?.focus(),
    [],
  );
  return (
    <form
      ref={root}
      className="fb-form"
      aria-label="Run parameters"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) onRun();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <div className="fb-form-fields">
        {params.map((param) => (
          <Field
            key={param.name}
            param={param}
            text={texts[param.name] ?? shownDefault(param)}
            error={form.errors[param.name]}
            onChange={(text) => onChange(param.name, text)}
          />
        ))}
      </div>
      <div className="fb-form-foot">
        <button type="button" className="fb-button fb-quiet" onClick={onReset}>
          Reset to defaults
        </button>
        <button
          type="submit"
          className="fb-button fb-primary"
          disabled={busy || Object.keys(form.errors).length > 0}
        >
          <Icon name="play" size={14} /> Run
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly param: ParamView;
  readonly text: string;
  readonly error: string | undefined;
  readonly onChange: (text: string) => void;
}

function Field({ param, text, error, onChange }: FieldProps) {
  const id = useId();
  const kind = fieldKind(param);
  const help = param.help ?? (param.required ? "needed" : "");
  return (
    <div className="fb-field" data-wrong={error !== undefined || undefined}>
      <label htmlFor={id}>
        <span>{param.name}</span>
        <span className="fb-field-type">{param.annotation ?? kind}</span>
      </label>
      <Input id={id} kind={kind} text={text} wrong={error !== undefined} onChange={onChange} />
      {error !== undefined ? (
        <span className="fb-field-error" id={`${id}-note`} role="alert">
          {error}
        </span>
      ) : (
        help !== "" && (
          <span className="fb-field-help" id={`${id}-note`}>
            {help}
          </span>
        )
      )}
    </div>
  );
}

interface InputProps {
  readonly id: string;
  readonly kind: FieldKind;
  readonly text: string;
  readonly wrong: boolean;
  readonly onChange: (text: string) => void;
}

function Input({ id, kind, text, wrong, onChange }: InputProps) {
  const shared = { id, "aria-invalid": wrong, "aria-describedby": `${id}-note` };
  if (kind === "boolean") {
    return (
      <select {...shared} value={text} onChange={(event) => onChange(event.target.value)}>
        {text === "" && <option value="">choose…</option>}
        <option value="true">true</option>
        <option value="false">false</option>
      </select>
    );
  }
  if (kind === "json") {
    return (
      <textarea
        {...shared}
        rows={2}
        spellCheck={false}
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  return (
    <input
      {...shared}
      type="text"
      inputMode={kind === "text" ? "text" : "decimal"}
      spellCheck={false}
      autoComplete="off"
      value={text}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
