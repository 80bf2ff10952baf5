/** Which runs: words to look for, a form that opens, a chip for each part, and all of it as SQL. */
import { type ReactNode, useEffect, useId, useState } from "react";
import { EVERYTHING, type Filter, narrowing, type Part, RANGES, without } from "./filter";
import { Icon } from "./icons";
import type { RunsModel, View } from "./model";
import { STATUSES, TRIGGERS } from "./run";
import { Select, type SelectProps } from "./Select";
import { Tool } from "./Tool";
import { partWord, rangeWord, statusWord, triggerWord, type Words } from "./words";

const TYPING = 300;
/** Milliseconds without a key after which a text is looked for. */

interface Props {
  readonly model: RunsModel;
  readonly view: View;
}

export function Filters(props: Props & { readonly onDelete: () => void; readonly sql: ReactNode }) {
  const { model, view, onDelete, sql } = props;
  const { trans } = model;
  const [open, setOpen] = useState(false);
  const form = useId();
  const count = narrowing(view.filter).length + (view.only ? 1 : 0);
  return (
    <search className="fb-runs-filters" aria-label={trans.__("Filter of runs")}>
      <div className="fb-runs-search">
        <Search model={model} view={view} />
        <button
          type="button"
          className="fb-runs-button"
          data-action="filter"
          aria-expanded={open}
          aria-controls={form}
          onClick={() => setOpen(!open)}
        >
          <Icon name="filter" />
          {count === 0 ? trans.__("Filter") : trans.__("Filter (%1)", count)}
        </button>
      </div>
      <div id={form} className="fb-runs-form" hidden={!open}>
        {open && <Form model={model} view={view} onDelete={onDelete} sql={sql} />}
      </div>
      <Chips model={model} view={view} />
    </search>
  );
}

function Search({ model, view }: Props): ReactNode {
  const { trans } = model;
  const [text, setText] = useState(view.filter.text);
  useEffect(() => setText(view.filter.text), [view.filter.text]);
  useEffect(() => {
    if (text === model.view.filter.text) return;
    const look = () => model.setFilter({ ...model.view.filter, text });
    const timer = setTimeout(look, TYPING);
    return () => clearTimeout(timer);
  }, [text, model]);
  return (
    <input
      type="search"
      className="fb-runs-input"
      value={text}
      placeholder={trans.__("Id or error…")}
      aria-label={trans.__("Look for the beginning of an id, or a part of an error")}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") model.setFilter({ ...view.filter, text });
      }}
    />
  );
}

function Form({ model, view, onDelete, sql }: Parameters<typeof Filters>[0]): ReactNode {
  const { trans } = model;
  const { filter } = view;
  const set = (part: Partial<Filter>) => model.setFilter({ ...filter, ...part });
  const flows = flowNames(model, view);
  return (
    <>
      <label className="fb-runs-check">
        <input
          type="checkbox"
          checked={view.only}
          onChange={(event) => model.setOnly(event.target.checked)}
        />
        {trans.__("This notebook only")}
      </label>
      <Choice
        label={trans.__("Status")}
        value={filter.status}
        options={[
          ["", trans.__("Any status")],
          ...STATUSES.map((one) => [one, statusWord(trans, one)] as const),
        ]}
        onChange={(status) => set({ status })}
      />
      <Choice
        label={trans.__("Trigger")}
        value={filter.trigger}
        options={[
          ["", trans.__("Any trigger")],
          ...TRIGGERS.map((one) => [one, triggerWord(trans, one)] as const),
        ]}
        onChange={(trigger) => set({ trigger })}
      />
      <Choice
        label={trans.__("Flow")}
        value={model.effective.flow}
        options={[
          ...(view.only ? [] : [["", trans.__("Any flow")] as const]),
          ...flows.map((one) => [one, one] as const),
        ]}
        onChange={(flow) => set({ flow })}
      />
      <Choice
        label={trans.__("Started")}
        value={filter.range}
        options={RANGES.map((one) => [one, rangeWord(trans, one)] as const)}
        onChange={(range) => set({ range })}
      />
      {filter.range === "custom" && (
        <>
          <Moment
            label={trans.__("From")}
            value={filter.since}
            onChange={(since) => set({ since })}
          />
          <Moment
            label={trans.__("Until")}
            value={filter.until}
            onChange={(until) => set({ until })}
          />
        </>
      )}
      <Choice
        label={trans.__("Pinned")}
        value={filter.pinned === null ? "" : String(filter.pinned)}
        options={[
          ["", trans.__("Pinned or not")],
          ["true", trans.__("Pinned")],
          ["false", trans.__("Not pinned")],
        ]}
        onChange={(one) => set({ pinned: one === "" ? null : one === "true" })}
      />
      {sql}
      <button
        type="button"
        className="fb-runs-button fb-runs-danger"
        data-action="delete-matching"
        disabled={!model.narrowed || view.list.rows.length === 0}
        title={
          model.narrowed
            ? trans.__("Count what matches, and delete it for good")
            : trans.__("Narrow the list first")
        }
        onClick={onDelete}
      >
        <Icon name="delete" />
        {trans.__("Delete All That Match…")}
      </button>
    </>
  );
}

/** Flows to choose from: those of the notebook alone, when only it is wanted. */
function flowNames(model: RunsModel, { flows, only, filter, list }: View): readonly string[] {
  if (only) return model.flowsInFront();
  const names = new Set([...flows, ...list.rows].map(({ flow }) => flow));
  if (filter.flow !== "") names.add(filter.flow);
  return [...names].sort((one, other) => one.localeCompare(other));
}

function Choice<Value extends string>({
  label,
  ...choice
}: SelectProps<Value> & { readonly label: string }): ReactNode {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the select is in it
    <label className="fb-runs-field">
      <span>{label}</span>
      <Select {...choice} />
    </label>
  );
}

function Moment(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  return (
    <label className="fb-runs-field">
      <span>{props.label}</span>
      <input
        type="datetime-local"
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </label>
  );
}

function Chips({ model, view }: Props): ReactNode {
  const { trans } = model;
  const parts = narrowing(view.filter).filter((part) => part !== "flow" || !view.only);
  if (parts.length === 0 && !view.only) return null;
  return (
    <ul className="fb-runs-chips" aria-label={trans.__("What narrows the list")}>
      {view.only && (
        <Chip
          text={notebookWords(trans, view.notebook)}
          trans={trans}
          onRemove={() => model.setOnly(false)}
        />
      )}
      {parts.map((part) => (
        <Chip
          key={part}
          text={`${partWord(trans, part)}: ${valueWord(trans, view.filter, part)}`}
          trans={trans}
          onRemove={() => model.setFilter(without(view.filter, part))}
        />
      ))}
      {parts.length + (view.only ? 1 : 0) > 1 && (
        <li>
          <button
            type="button"
            className="fb-runs-link"
            onClick={() => {
              model.setOnly(false);
              model.setFilter(EVERYTHING);
            }}
          >
            {trans.__("Clear all")}
          </button>
        </li>
      )}
    </ul>
  );
}

function Chip(props: {
  readonly text: string;
  readonly trans: Words;
  readonly onRemove: () => void;
}): ReactNode {
  const words = props.trans.__("Remove the filter %1", props.text);
  return (
    <li className="fb-runs-chip">
      <span title={props.text}>{props.text}</span>
      <Tool icon="close" label={words} onClick={props.onRemove} />
    </li>
  );
}

function notebookWords(trans: Words, notebook: string | null): string {
  const name = notebook?.split("/").at(-1);
  return name === undefined ? trans.__("This notebook") : trans.__("Only %1", name);
}

function valueWord(trans: Words, filter: Filter, part: Part): string {
  switch (part) {
    case "status":
      return filter.status === "" ? "" : statusWord(trans, filter.status);
    case "trigger":
      return filter.trigger === "" ? "" : triggerWord(trans, filter.trigger);
    case "flow":
      return filter.flow;
    case "text":
      return filter.text;
    case "pinned":
      return filter.pinned ? trans.__("yes") : trans.__("no");
    case "when": {
      if (filter.range !== "custom") return rangeWord(trans, filter.range);
      const [since, until] = [filter.since, filter.until].map((one) => one.replace("T", " "));
      if (since && until) return `${since} – ${until}`;
      return since ? trans.__("from %1", since) : trans.__("until %1", until);
    }
  }
}
