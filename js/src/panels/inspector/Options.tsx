/** Options of a node or of the flow, group by group; what is not said stays folded away. */
import { useId, useState } from "react";
import type { OptionView } from "../../protocol/generated";
import { type Question, useDraft, useDrafts } from "./useInspector";

interface OptionsProps {
  readonly node: string | null;
  readonly options: readonly OptionView[];
  /** All are shown, also those that say nothing. */
  readonly open?: boolean;
}

export function Options({ node, options, open }: OptionsProps) {
  const groups = [...new Set(options.map((one) => one.group))];
  return groups.map((group) => (
    <Group
      key={group}
      name={group}
      node={node}
      open={open ?? false}
      options={options.filter((one) => one.group === group)}
    />
  ));
}

interface GroupProps extends OptionsProps {
  readonly name: string;
}

function Group({ name, node, options, open }: GroupProps) {
  const [all, setAll] = useState(open ?? false);
  const said = options.filter((one) => one.text !== one.default);
  // Decided once: an option must not vanish under who takes its value away.
  const [begun] = useState(() => new Set(said.map((one) => one.name)));
  const shown = all ? options : options.filter((one) => begun.has(one.name) || said.includes(one));
  return (
    <section className="fbi-group" aria-label={name}>
      <button
        type="button"
        className="fbi-group-head"
        aria-expanded={all}
        onClick={() => setAll(!all)}
      >
        <span aria-hidden="true">{all ? "▾" : "▸"}</span> {name}
        {said.length > 0 && <span className="fb-count">{said.length}</span>}
      </button>
      {shown.map((one) => (
        <OptionRow key={one.name} node={node} option={one} />
      ))}
    </section>
  );
}

function OptionRow({
  node,
  option,
}: {
  readonly node: string | null;
  readonly option: OptionView;
}) {
  const key = `${node ?? ""}/option/${option.name}`;
  const drafts = useDrafts();
  const draft = useDraft(key);
  const id = useId();
  const same = option.text === option.default;
  const text = draft === undefined ? (same ? "" : option.text) : String(draft.value);
  const { name } = option;
  const set = (value: string, now = false) =>
    drafts.change(
      key,
      value,
      (said): Question => ({ type: "OPTION", node, name, value: String(said) }),
      now,
    );
  const error = draft?.error ?? "";
  const shared = { id, "aria-invalid": error !== "", "aria-describedby": `${id}-help` };
  const words = option.default === "" ? "not said" : option.default;
  return (
    <div className="fbi-set" data-wrong={error !== "" || undefined}>
      <div className="fbi-set-head">
        <label htmlFor={id}>{name}</label>
        <span className="fbi-badge">{text === "" ? "default" : "literal"}</span>
      </div>
      {option.flag && /^(true|false|)$/.test(text) && name !== "cache" ? (
        <input
          {...shared}
          type="checkbox"
          checked={(text || option.default) === "true"}
          onChange={(event) => set(String(event.target.checked), true)}
        />
      ) : (
        <>
          <input
            {...shared}
            list={option.choices.length > 0 ? `${id}-words` : undefined}
            value={text}
            placeholder={words}
            spellCheck={false}
            onChange={(event) => set(event.target.value)}
            onBlur={() => drafts.flush(key)}
            onKeyDown={(event) => {
              if (event.key === "Enter") drafts.flush(key);
            }}
          />
          <datalist id={`${id}-words`}>
            {option.choices.map((word) => (
              <option key={word}>{word}</option>
            ))}
          </datalist>
        </>
      )}
      {error !== "" && (
        <span className="fb-field-error" role="alert">
          {error} {draft?.hint}
        </span>
      )}
      <span className="fb-field-help" id={`${id}-help`}>
        {option.help}
      </span>
    </div>
  );
}
