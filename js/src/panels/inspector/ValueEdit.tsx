/** A value of a setting, edited as what it is: a word, a number, a list, names with values. */
import { useId, useState } from "react";
import { asExpression } from "../../model/expression";
import { type Field, isRecord, isTemplate, parse, textOf } from "../../model/schema";
import { Icon } from "../../view/icons";
import { ANY } from "./anyField";
import { ExpressionField } from "./ExpressionField";

export interface ValueEditProps {
  readonly id?: string;
  readonly label: string;
  readonly field: Field;
  readonly value: unknown;
  readonly wrong?: boolean;
  /** Another value; undefined takes it away. */
  readonly onChange: (value: unknown, now?: boolean) => void;
  /** A text that is none of its values, and what would be. */
  readonly onWrong: (text: string, message: string) => void;
  /** The field is left: what was typed counts now. */
  readonly onLeave: () => void;
}

export function ValueEdit(props: ValueEditProps) {
  const { field, value } = props;
  if (field.expression && field.kind !== "list") return <Written {...props} bare />;
  if (isTemplate(value)) return <Written {...props} bare={false} />;
  if (field.kind === "list" && (value === undefined || Array.isArray(value)))
    return <ListEdit {...props} items={(value as unknown[] | undefined) ?? []} />;
  if (field.kind === "record" && (value === undefined || isRecord(value)))
    return <RecordEdit {...props} record={(value as Pairs | undefined) ?? {}} />;
  if (field.kind === "mapping" && (value === undefined || isRecord(value)))
    return <MappingEdit {...props} record={(value as Pairs | undefined) ?? {}} />;
  const words = field.kind === "text" || field.kind === "any";
  if (words && field.templated && !field.secret) return <Written {...props} bare={false} />;
  return <Leaf {...props} />;
}

type Pairs = Readonly<Record<string, unknown>>;

/** The control that is typed in gives way to another one, which goes on having the focus. */
const handing = { over: false };

function useTyping(props: ValueEditProps) {
  const { field, value, onChange, onWrong } = props;
  const [typed, setTyped] = useState("");
  const meant = parse(field, typed);
  const same = meant.ok && JSON.stringify(meant.value) === JSON.stringify(value);
  const take = (text: string, now = false) => {
    setTyped(text);
    const parsed = parse(field, text);
    const words = field.kind === "text" || field.kind === "any";
    handing.over = !words && isTemplate(text) !== isTemplate(value);
    if (text === "") onChange(undefined, now);
    else if (parsed.ok) onChange(parsed.value, now);
    else onWrong(text, parsed.message);
  };
  return { text: same && typed !== "" ? typed : textOf(field, value), take };
}

function takeFocus(element: HTMLInputElement | HTMLTextAreaElement | null) {
  if (element === null || !handing.over) return;
  handing.over = false;
  element.focus();
  element.setSelectionRange(element.value.length, element.value.length);
}

function Written(props: ValueEditProps & { readonly bare: boolean }) {
  const { id, label, field, bare, wrong, onChange, onLeave } = props;
  const { text, take } = useTyping(props);
  return (
    <ExpressionField
      {...(id === undefined ? {} : { id })}
      label={label}
      text={text}
      bare={bare}
      wrong={wrong ?? false}
      placeholder={placeholder(field)}
      onMount={takeFocus}
      onChange={(next) => (bare ? onChange(next === "" ? undefined : next) : take(next))}
      onLeave={onLeave}
    />
  );
}

function placeholder(field: Field): string {
  const { usual, examples } = field;
  if (usual !== undefined && usual !== null && usual !== "") return textOf(field, usual);
  return examples.length === 0 ? "" : `such as ${textOf(field, examples[0])}`;
}

function Leaf(props: ValueEditProps) {
  const { id, label, field, value, wrong, onChange, onLeave } = props;
  const { text, take } = useTyping(props);
  const shared = { id, "aria-label": label, "aria-invalid": wrong ?? false };
  if (field.kind === "boolean")
    return (
      <input
        {...shared}
        type="checkbox"
        checked={value === undefined ? field.usual === true : value === true}
        onChange={(event) => onChange(event.target.checked, true)}
      />
    );
  if (field.kind === "choice")
    return (
      <select {...shared} value={text} onChange={(event) => take(event.target.value, true)}>
        <option value="">
          {field.usual === undefined ? "choose…" : `${field.usual} (default)`}
        </option>
        {field.choices.map((one) => (
          <option key={String(one)}>{String(one)}</option>
        ))}
      </select>
    );
  return (
    <input
      {...shared}
      ref={takeFocus}
      type={field.secret ? "password" : "text"}
      autoComplete="off"
      value={text}
      placeholder={placeholder(field)}
      spellCheck={false}
      inputMode={field.kind === "integer" || field.kind === "number" ? "decimal" : undefined}
      onChange={(event) => take(event.target.value)}
      onBlur={onLeave}
      onKeyDown={(event) => {
        if (event.key === "Enter") onLeave();
      }}
    />
  );
}

/** An inner value: what is wrong with it stands beside it. */
function Inner(props: Omit<ValueEditProps, "onWrong">) {
  const [wrong, setWrong] = useState<{ text: string; message: string } | null>(null);
  return (
    <span className="fbi-inner" data-wrong={wrong !== null || undefined}>
      <ValueEdit
        {...props}
        value={wrong === null ? props.value : wrong.text}
        wrong={wrong !== null}
        onWrong={(text, message) => setWrong({ text, message })}
        onChange={(value, now) => {
          setWrong(null);
          props.onChange(value, now);
        }}
      />
      {props.field.templated && <FxButton {...props} />}
      {wrong !== null && <span className="fb-field-error">{wrong.message}</span>}
    </span>
  );
}

/** Turns a literal into an expression and back. */
export function FxButton(props: Pick<ValueEditProps, "field" | "value" | "label" | "onChange">) {
  const { field, value, label, onChange } = props;
  const [literal, setLiteral] = useState<unknown>(undefined);
  const on = isTemplate(value);
  return (
    <button
      type="button"
      className="fbi-fx"
      aria-pressed={on}
      aria-label={`Expression for ${label}`}
      title={on ? "Write a plain value" : "Write an expression"}
      onClick={() => {
        if (!on) setLiteral(value);
        onChange(on ? literal : asExpression(textOf(field, value)), true);
      }}
    >
      fx
    </button>
  );
}

function ListEdit(props: ValueEditProps & { readonly items: readonly unknown[] }) {
  const { field, label, items, onChange, onLeave } = props;
  const inner = field.inner ?? { ...ANY, templated: field.templated };
  const put = (next: readonly unknown[], now = true) =>
    onChange(next.length ? next : undefined, now);
  return (
    <div className="fbi-rows">
      {items.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items are their places
        <div key={i} className="fbi-row">
          <Inner
            field={inner}
            label={`${label}, item ${i + 1}`}
            value={one}
            onLeave={onLeave}
            onChange={(value, now) =>
              put(
                items.map((other, at) => (at === i ? (value ?? "") : other)),
                now ?? false,
              )
            }
          />
          <Remove label={`item ${i + 1}`} onClick={() => put(items.filter((_, at) => at !== i))} />
        </div>
      ))}
      <Add
        label={`Add to ${label}`}
        onClick={() =>
          put([...items, inner.kind === "integer" || inner.kind === "number" ? 0 : ""])
        }
      />
    </div>
  );
}

function MappingEdit(props: ValueEditProps & { readonly record: Pairs }) {
  const { field, label, record, onChange, onLeave } = props;
  const entries = Object.entries(record);
  const put = (next: readonly (readonly [string, unknown])[], now = true) =>
    onChange(next.length ? Object.fromEntries(next) : undefined, now);
  return (
    <div className="fbi-rows">
      {entries.map(([name, one], i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name may be changed in its place
        <div key={i} className="fbi-row">
          <NameBox
            label={`Name ${i + 1} of ${label}`}
            name={name}
            taken={Object.keys(record)}
            onChange={(next) =>
              put(entries.map(([key, value]) => [key === name ? next : key, value] as const))
            }
          />
          <Inner
            field={field.inner ?? { ...ANY, templated: field.templated }}
            label={`${label} ${name}`}
            value={one}
            onLeave={onLeave}
            onChange={(value, now) =>
              put(
                entries.map(([key, was]) => [key, key === name ? (value ?? "") : was] as const),
                now ?? false,
              )
            }
          />
          <Remove label={name} onClick={() => put(entries.filter(([key]) => key !== name))} />
        </div>
      ))}
      <Add
        label={`Add to ${label}`}
        onClick={() => put([...entries, [free("name", Object.keys(record)), ""]])}
      />
    </div>
  );
}

function RecordEdit(props: ValueEditProps & { readonly record: Pairs }) {
  const { field, label, record, onChange, onLeave } = props;
  return (
    <div className="fbi-rows fb-record">
      {field.fields.map((one) => (
        <div key={one.name} className="fbi-row">
          <span className="fbi-row-name">{one.name}</span>
          <Inner
            field={one}
            label={`${label} ${one.name}`}
            value={record[one.name]}
            onLeave={onLeave}
            onChange={(value, now) => {
              const { [one.name]: _, ...rest } = record;
              const next = value === undefined ? rest : { ...record, [one.name]: value };
              onChange(Object.keys(next).length ? next : undefined, now);
            }}
          />
        </div>
      ))}
    </div>
  );
}

interface NameBoxProps {
  readonly label: string;
  readonly name: string;
  readonly taken: readonly string[];
  readonly onChange: (name: string) => void;
}

/** A name, which counts when it is left: nothing is called by half a name. */
export function NameBox({ label, name, taken, onChange }: NameBoxProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const id = useId();
  const text = typed ?? name;
  const wrong =
    text.trim() === ""
      ? "A name is needed."
      : text !== name && taken.includes(text)
        ? "Taken."
        : "";
  const take = () => {
    if (wrong !== "") return;
    setTyped(null);
    if (text !== name) onChange(text);
  };
  return (
    <span className="fbi-name" data-wrong={wrong !== "" || undefined}>
      <input
        aria-label={label}
        aria-invalid={wrong !== ""}
        aria-describedby={id}
        value={text}
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter") take();
        }}
      />
      {wrong !== "" && (
        <span id={id} className="fb-field-error">
          {wrong}
        </span>
      )}
    </span>
  );
}

export function Remove(props: { readonly label: string; readonly onClick: () => void }) {
  return (
    <button
      type="button"
      className="fbi-mini"
      aria-label={`Remove ${props.label}`}
      title={`Remove ${props.label}`}
      onClick={props.onClick}
    >
      <Icon name="close" size={12} />
    </button>
  );
}

export function Add(props: { readonly label: string; readonly onClick: () => void }) {
  return (
    <button type="button" className="fbi-add" onClick={props.onClick}>
      + {props.label}
    </button>
  );
}

export function free(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let number = 2;
  while (taken.includes(`${name}_${number}`)) number += 1;
  return `${name}_${number}`;
}
