/** How branches come together: the tables side by side, the key they meet by, the fields kept. */
import { isRecord } from "../../model/schema";
import type { Matched, SideView } from "../../protocol/generated";
import { ExpressionField } from "./ExpressionField";
import { useSetting } from "./Setting";
import type { SpecialProps } from "./SettingsTab";
import { PlaceContext, useAnswer } from "./useInspector";
import { Add, free, NameBox, Remove } from "./ValueEdit";

const MODES: Readonly<Record<string, string>> = {
  dict: "by name",
  append: "append",
  by_key: "by key",
  by_position: "by position",
  choose: "choose one",
  sql: "SQL join",
};
const HOWS: Readonly<Record<string, string>> = {
  inner: "rows that match",
  left: "all of the left",
  right: "all of the right",
  outer: "all of both",
  semi: "left with a match",
  anti: "left without a match",
  cross: "every row with every other",
};

export function MergeEditor({ form, names }: SpecialProps) {
  const { node, config } = form;
  const mode = useSetting(node, "mode", config.mode);
  const how = useSetting(node, "how", config.how);
  const key = useSetting(node, "key", config.key);
  const { answer } = useAnswer<"MATCHED">(
    { type: "MATCH", node, key: key.value ?? null, nulls: String(config.nulls ?? "differ") },
    150,
  );
  const chosen = String(mode.value ?? "dict");
  const pick = (value: unknown) => key.set(value, true);
  return (
    <section className="fbi-group" aria-label="Merge">
      <div className="fbi-choose" role="radiogroup" aria-label="How inputs become one">
        {Object.entries(MODES).map(([word, label]) => (
          <label key={word} className="fbi-check">
            <input
              type="radio"
              name={`${node}-mode`}
              checked={chosen === word}
              onChange={() => mode.set(word, true)}
            />
            {label}
          </label>
        ))}
      </div>
      {answer !== null && <Sides sides={answer.sides} />}
      {chosen === "by_key" && (
        <>
          <div className="fbi-set">
            <div className="fbi-set-head">
              <label htmlFor={`${node}-how`}>keep</label>
            </div>
            <select
              id={`${node}-how`}
              value={String(how.value ?? "inner")}
              onChange={(event) => how.set(event.target.value, true)}
            >
              {Object.entries(HOWS).map(([word, label]) => (
                <option key={word} value={word}>
                  {label} ({word})
                </option>
              ))}
            </select>
          </div>
          <KeyPicker value={key.value} sides={answer?.sides ?? []} onPick={pick} />
          {answer !== null && <Fit found={answer} onPick={pick} />}
        </>
      )}
      {key.draft?.error && <p className="fb-field-error">{key.draft.error}</p>}
      <PlaceContext.Provider value={{ node, setting: "fields", names }}>
        <Fields node={node} written={config.fields} sides={answer?.sides ?? []} />
      </PlaceContext.Provider>
    </section>
  );
}

function Sides({ sides }: { readonly sides: readonly SideView[] }) {
  return (
    <div className="fbi-sides">
      {sides.map((one) => (
        <table key={one.name}>
          <caption>
            {one.name}
            <span>{one.note || `${one.rows.toLocaleString("en")} rows`}</span>
          </caption>
          <tbody>
            {one.columns.map((column) => (
              <tr key={column.name}>
                <th scope="row">{column.name}</th>
                <td>{column.dtype}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </div>
  );
}

interface KeyPickerProps {
  readonly value: unknown;
  readonly sides: readonly SideView[];
  readonly onPick: (key: unknown) => void;
}

/** One column of each input; a key of several columns is written as it is. */
function KeyPicker({ value, sides, onPick }: KeyPickerProps) {
  if (sides.length < 2 || sides.some((one) => one.columns.length === 0))
    return <p className="fb-faint">The columns to choose from come with the first run.</p>;
  const of = (side: SideView) =>
    isRecord(value) ? String(value[side.name] ?? "") : typeof value === "string" ? value : "";
  const choose = (side: SideView, column: string) => {
    const next = Object.fromEntries(
      sides.map((one) => [one.name, one === side ? column : of(one)]),
    );
    const columns = new Set(Object.values(next));
    const filled = Object.fromEntries(Object.entries(next).filter(([, one]) => one !== ""));
    onPick(columns.size === 1 ? column || undefined : filled);
  };
  return (
    <div className="fbi-keys">
      <span className="fbi-row-name">key</span>
      {sides.map((side) => (
        <select
          key={side.name}
          aria-label={`Key of ${side.name}`}
          value={of(side)}
          onChange={(event) => choose(side, event.target.value)}
        >
          <option value="">{Array.isArray(value) ? value.join(", ") : `of ${side.name}…`}</option>
          {side.columns.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
      ))}
    </div>
  );
}

function Fit({
  found,
  onPick,
}: {
  readonly found: Matched;
  readonly onPick: (key: unknown) => void;
}) {
  return (
    <div className="fbi-fit">
      {found.suggestions.length > 0 && (
        <p>
          Suggested:{" "}
          {found.suggestions.map((one) => (
            <button
              key={JSON.stringify(one)}
              type="button"
              className="fbi-add"
              onClick={() => onPick(one)}
            >
              {isRecord(one)
                ? Object.entries(one)
                    .map((pair) => pair.join("."))
                    .join(" = ")
                : String(one)}
            </button>
          ))}
        </p>
      )}
      {found.error !== "" && <p className="fb-field-error">{found.error}</p>}
      {found.matched !== null && (
        <dl>
          <div data-holds={found.matched > 0}>
            <dt>{found.matched > 0 ? "✓" : "✗"} matched</dt>
            <dd>
              {found.matched.toLocaleString("en")} <Samples keys={found.samples} />
            </dd>
          </div>
          {found.sides
            .filter((one) => one.unmatched !== null)
            .map((one) => (
              <div key={one.name}>
                <dt>only in {one.name}</dt>
                <dd>
                  {one.unmatched?.toLocaleString("en")} <Samples keys={one.samples} />
                </dd>
              </div>
            ))}
        </dl>
      )}
      {found.partly && <p className="fb-faint">Of the first rows only.</p>}
    </div>
  );
}

function Samples({ keys }: { readonly keys: readonly string[] }) {
  return keys.length === 0 ? null : <code>{keys.join(" · ")}</code>;
}

interface FieldsProps {
  readonly node: string;
  readonly written: unknown;
  readonly sides: readonly SideView[];
}

/** Columns to drop and rename, and those that are worked out. */
function Fields({ node, written, sides }: FieldsProps) {
  const fields = useSetting(node, "fields", written);
  const said = isRecord(fields.value) ? fields.value : {};
  const drop = list(said.drop);
  const rename = isRecord(said.rename) ? said.rename : {};
  const set = isRecord(said.set) ? said.set : {};
  const put = (made: Record<string, unknown>, now = true) => {
    const next = { ...said, ...made };
    const kept = Object.entries(next).filter(([, one]) => Object.keys(one as object).length > 0);
    fields.set(kept.length > 0 ? Object.fromEntries(kept) : undefined, now);
  };
  const columns = [...new Set(sides.flatMap((side) => side.columns.map((one) => one.name)))];
  const sets = Object.entries(set);
  return (
    <fieldset className="fbi-fields">
      <legend>Fields</legend>
      {columns.map((name) => (
        <div key={name} className="fbi-port">
          <label className="fbi-check">
            <input
              type="checkbox"
              aria-label={`Keep ${name}`}
              checked={!drop.includes(name)}
              onChange={(event) =>
                put({
                  drop: event.target.checked ? drop.filter((one) => one !== name) : [...drop, name],
                })
              }
            />
            {name}
          </label>
          <NameBox
            label={`Name of ${name}`}
            name={String(rename[name] ?? name)}
            taken={[]}
            onChange={(to) => {
              const { [name]: _, ...rest } = rename;
              put({ rename: to === name ? rest : { ...rest, [name]: to } });
            }}
          />
        </div>
      ))}
      {sets.map(([name, value], i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name may be changed in its place
        <div key={i} className="fbi-port">
          <NameBox
            label={`New field ${name}`}
            name={name}
            taken={Object.keys(set)}
            onChange={(to) =>
              put({
                set: Object.fromEntries(sets.map(([key, one]) => [key === name ? to : key, one])),
              })
            }
          />
          <ExpressionField
            label={`Value of ${name}`}
            text={typeof value === "string" ? value : JSON.stringify(value)}
            bare={false}
            silent
            onChange={(text) => put({ set: { ...set, [name]: text } }, false)}
            onLeave={fields.leave}
          />
          <Remove
            label={name}
            onClick={() => put({ set: Object.fromEntries(sets.filter(([key]) => key !== name)) })}
          />
        </div>
      ))}
      <Add
        label="Field"
        onClick={() =>
          put({
            set: { ...set, [free("field", [...columns, ...Object.keys(set)])]: "{{ index }}" },
          })
        }
      />
      {fields.draft?.error && <p className="fb-field-error">{fields.draft.error}</p>}
    </fieldset>
  );
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
}
