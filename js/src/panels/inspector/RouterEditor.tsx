/** The conditions of a router: tried in order over one value, each with its output. */
import { type DragEvent, type KeyboardEvent, useState } from "react";
import { json } from "../../model/schema";
import type { Pattern, Verdict } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import { ExpressionField } from "./ExpressionField";
import { useSetting } from "./Setting";
import type { SpecialProps } from "./SettingsTab";
import { PlaceContext, useAnswer } from "./useInspector";
import { Add, free, NameBox, Remove } from "./ValueEdit";

interface Condition {
  readonly id: string;
  readonly label?: string;
  readonly expression: string;
  readonly color?: string;
}

const COLORS = ["", "green", "orange", "red", "blue"];
const PRESETS: Readonly<Record<string, readonly Condition[]>> = {
  "If / else": [{ id: "yes", expression: "value > 0", color: "green" }],
  Switch: [
    { id: "first", expression: "value == 'a'", color: "blue" },
    { id: "second", expression: "value == 'b'", color: "orange" },
  ],
};

export function RouterEditor({ form, names }: SpecialProps) {
  const { node, config } = form;
  const editor = useEditor();
  const routeBy = useSetting(node, "route_by", config.route_by);
  const mode = useSetting(node, "mode", config.mode);
  const other = useSetting(node, "default_output", config.default_output);
  const all = useSetting(node, "conditions", config.conditions);
  const conditions = listed(all.value);
  const [dragged, setDragged] = useState<number | null>(null);
  const put = (next: readonly Condition[], now = true) => all.set(next, now);
  const change = (at: number, made: Partial<Condition>, now = true) =>
    put(
      conditions.map((one, i) => (i === at ? { ...one, ...made } : one)),
      now,
    );
  const move = (from: number, to: number) => {
    if (to < 0 || to >= conditions.length || from === to) return;
    const next = conditions.filter((_, i) => i !== from);
    const one = conditions[from];
    if (one === undefined) return;
    next.splice(to, 0, one);
    put(next);
    editor.say(`${one.id} is condition ${to + 1} of ${next.length} now`);
  };
  const { answer: routed } = useAnswer<"ROUTED">(
    {
      type: "ROUTE",
      node,
      conditions: conditions.map(({ id, expression }) => ({ id, expression })),
      route_by: routeBy.value ?? null,
      mode: String(mode.value ?? "first_match"),
    },
    200,
  );
  const fallback = String(other.value ?? "default");
  const taken = [...conditions.map((one) => one.id), fallback];
  const add = (more: readonly Condition[]) => put([...conditions, ...more]);
  const error = all.draft?.error ?? "";
  return (
    <section className="fbi-group" aria-label="Conditions">
      <PlaceContext.Provider value={{ node, setting: "route_by", names }}>
        <div className="fbi-set">
          <div className="fbi-set-head">
            <span className="fbi-row-name">route by</span>
            <span className="fbi-badge">value</span>
          </div>
          <ExpressionField
            label="The value that conditions test"
            text={typeof routeBy.value === "string" ? routeBy.value : ""}
            bare={false}
            silent
            placeholder="{{ value }}: what comes in"
            onChange={(text) => routeBy.set(text === "" ? undefined : text)}
            onLeave={routeBy.leave}
          />
          {routed !== null && (
            <output
              className="fbi-worth"
              data-wrong={(routed.value.error && !routed.value.pending) || undefined}
            >
              {routed.value.error || `value = ${routed.value.shown} (${routed.value.is_a})`}
            </output>
          )}
        </div>
      </PlaceContext.Provider>
      <div className="fbi-choose" role="radiogroup" aria-label="Which conditions count">
        {(["first_match", "broadcast"] as const).map((word) => (
          <label key={word} className="fbi-check">
            <input
              type="radio"
              name={`${node}-mode`}
              checked={
                (mode.value === "all_matches" ? "broadcast" : (mode.value ?? "first_match")) ===
                word
              }
              onChange={() => mode.set(word, true)}
            />
            {word === "first_match" ? "first that holds" : "all that hold"}
          </label>
        ))}
      </div>
      <PlaceContext.Provider value={{ node, setting: "conditions", names }}>
        <ol className="fbi-conditions">
          {conditions.map((one, i) => (
            <Row
              // biome-ignore lint/suspicious/noArrayIndexKey: its id may be changed in its place
              key={i}
              one={one}
              at={i}
              taken={taken}
              verdict={routed?.verdicts.find((each) => each.condition === one.id)}
              chosen={routed?.taken.includes(one.id) ?? false}
              patterns={routed?.patterns ?? []}
              onChange={(made, now) => change(i, made, now)}
              onMove={(step) => move(i, i + step)}
              onRemove={() => put(conditions.filter((_, at) => at !== i))}
              onLeave={all.leave}
              onDrag={(event) => {
                setDragged(i);
                event.dataTransfer.effectAllowed = "move";
              }}
              onDrop={() => dragged !== null && move(dragged, i)}
            />
          ))}
        </ol>
      </PlaceContext.Provider>
      <div className="fbi-port" data-chosen={routed?.taken.length === 0 && !routed.value.error}>
        <span className="fbi-row-name">otherwise</span>
        <NameBox
          label="Output when no condition holds"
          name={fallback}
          taken={taken}
          onChange={(name) => other.set(name === "default" ? undefined : name, true)}
        />
      </div>
      <div className="fbi-adds">
        <Add
          label="Condition"
          onClick={() => add([{ id: free("condition", taken), expression: "value > 0" }])}
        />
        {conditions.length === 0 &&
          Object.entries(PRESETS).map(([name, made]) => (
            <Add key={name} label={name} onClick={() => add(made)} />
          ))}
      </div>
      {error !== "" && (
        <p className="fb-field-error" role="alert">
          {error} {all.draft?.hint}
        </p>
      )}
    </section>
  );
}

function listed(value: unknown): readonly Condition[] {
  const found = typeof value === "string" ? json(value) : value;
  if (!Array.isArray(found)) return [];
  return found.map((one) => ({
    ...one,
    id: String(one?.id ?? ""),
    expression: String(one?.expression ?? ""),
  }));
}

interface RowProps {
  readonly one: Condition;
  readonly at: number;
  readonly taken: readonly string[];
  readonly verdict: Verdict | undefined;
  readonly chosen: boolean;
  readonly patterns: readonly Pattern[];
  readonly onChange: (made: Partial<Condition>, now?: boolean) => void;
  readonly onMove: (step: number) => void;
  readonly onRemove: () => void;
  readonly onLeave: () => void;
  readonly onDrag: (event: DragEvent) => void;
  readonly onDrop: () => void;
}

function Row(props: RowProps) {
  const { one, at, verdict, onChange, onMove } = props;
  const keys = (event: KeyboardEvent<HTMLButtonElement>) => {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (step === 0) return;
    const list = event.currentTarget.closest("ol");
    onMove(step);
    event.preventDefault();
    event.stopPropagation();
    const rows = list?.querySelectorAll<HTMLElement>(".fbi-grip");
    rows?.[Math.max(0, Math.min(at + step, rows.length - 1))]?.focus();
  };
  const custom = !COLORS.includes(one.color ?? "");
  return (
    <li
      className="fbi-condition"
      data-chosen={props.chosen || undefined}
      style={{ borderInlineStartColor: one.color || undefined }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={props.onDrop}
    >
      <div className="fbi-port">
        <button
          type="button"
          className="fbi-grip"
          draggable
          aria-label={`Move ${one.id}, condition ${at + 1}`}
          title="Drag, or press the arrow keys"
          onDragStart={props.onDrag}
          onKeyDown={keys}
        >
          ⠿
        </button>
        <NameBox
          label={`Output of condition ${at + 1}`}
          name={one.id}
          taken={props.taken}
          onChange={(id) => onChange({ id })}
        />
        <input
          aria-label={`Label of ${one.id}`}
          placeholder={one.id}
          value={one.label ?? ""}
          onChange={(event) => onChange({ label: event.target.value }, false)}
          onBlur={props.onLeave}
        />
        <select
          aria-label={`Colour of ${one.id}`}
          value={custom ? "custom" : (one.color ?? "")}
          onChange={(event) =>
            onChange({ color: event.target.value === "custom" ? "#8844cc" : event.target.value })
          }
        >
          {COLORS.map((color) => (
            <option key={color} value={color}>
              {color || "gray"}
            </option>
          ))}
          <option value="custom">custom…</option>
        </select>
        {custom && (
          <input
            type="color"
            aria-label={`Own colour of ${one.id}`}
            value={/^#[\da-f]{6}$/i.test(one.color ?? "") ? one.color : "#8844cc"}
            onChange={(event) => onChange({ color: event.target.value }, false)}
          />
        )}
        <Remove label={`condition ${one.id}`} onClick={props.onRemove} />
      </div>
      <ExpressionField
        label={`Condition ${one.id}`}
        text={one.expression}
        bare
        silent
        onChange={(expression) => onChange({ expression }, false)}
        onLeave={props.onLeave}
      />
      {verdict?.error && <span className="fb-field-error">{verdict.error}</span>}
      <div className="fbi-port">
        <Holds verdict={verdict} />
        <select
          className="fbi-patterns"
          aria-label={`Common patterns for ${one.id}`}
          value=""
          onChange={(event) => onChange({ expression: event.target.value })}
        >
          <option value="">common patterns…</option>
          {props.patterns.map((pattern) => (
            <option key={pattern.name} value={pattern.text} title={pattern.help}>
              {pattern.name}: {pattern.text}
            </option>
          ))}
        </select>
      </div>
    </li>
  );
}

/** Whether a condition holds of the last value: a sign, and what it means. */
function Holds({ verdict }: { readonly verdict: Verdict | undefined }) {
  if (verdict === undefined || verdict.holds === null)
    return (
      <span className="fbi-holds" title="Not known yet">
        ?
      </span>
    );
  return (
    <span className="fbi-holds" data-holds={verdict.holds}>
      {verdict.holds ? "✓ matched" : "✗ no match"}
    </span>
  );
}
