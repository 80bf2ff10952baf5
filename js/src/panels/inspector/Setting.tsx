/** One setting of a node: what it is called, where it comes from, its value, and what is wrong. */
import { useCallback, useId, useMemo } from "react";
import { badgeOf, type Field } from "../../model/schema";
import { PlaceContext, type Question, useDraft, useDrafts } from "./useInspector";
import { FxButton, ValueEdit } from "./ValueEdit";

interface SettingProps {
  readonly node: string;
  readonly field: Field;
  readonly value: unknown;
  readonly names: ReadonlySet<string>;
}

/** What is shown of a setting, and how it is changed: the draft before what is written. */
export function useSetting(node: string, name: string, written: unknown) {
  const key = `${node}/setting/${name}`;
  const drafts = useDrafts();
  const draft = useDraft(key);
  const ask = useCallback(
    (value: unknown): Question =>
      value === undefined
        ? { type: "SET", node, name, value: null, unset: true }
        : { type: "SET", node, name, value, unset: false },
    [node, name],
  );
  return {
    key,
    draft,
    value: draft === undefined ? written : draft.value,
    set: (value: unknown, now = false) => drafts.change(key, value, ask, now),
    fail: (text: string, message: string) => drafts.fail(key, text, message),
    leave: () => drafts.flush(key),
  };
}

export function Setting({ node, field, value: written, names }: SettingProps) {
  const { draft, value, set, fail, leave } = useSetting(node, field.name, written);
  const id = useId();
  const place = useMemo(() => ({ node, setting: field.name, names }), [node, field.name, names]);
  const badge = badgeOf(field, value, names);
  const error = draft?.error ?? "";
  return (
    <PlaceContext.Provider value={place}>
      <div className="fbi-set" data-wrong={error !== "" || undefined} data-badge={badge}>
        <div className="fbi-set-head">
          <label htmlFor={id}>{field.name}</label>
          {field.required && <span className="fbi-needed">needed</span>}
          <span className="fbi-badge">{badge}</span>
          {field.templated && !field.expression && (
            <FxButton field={field} value={value} label={field.name} onChange={set} />
          )}
          {value !== undefined && (
            <button
              type="button"
              className="fbi-mini"
              aria-label={`Reset ${field.name}`}
              title="Back to the default"
              onClick={() => set(undefined, true)}
            >
              ↺
            </button>
          )}
        </div>
        <ValueEdit
          id={id}
          label={field.name}
          field={field}
          value={value}
          wrong={error !== ""}
          onChange={set}
          onWrong={fail}
          onLeave={leave}
        />
        {error !== "" && (
          <span className="fb-field-error" role="alert">
            {error} {draft?.hint}
          </span>
        )}
        {field.help !== "" && <span className="fb-field-help">{field.help}</span>}
      </div>
    </PlaceContext.Provider>
  );
}
