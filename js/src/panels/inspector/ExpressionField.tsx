/** A text with expressions, or one expression: coloured, with names offered, and worth shown. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { inExpression, inserted, ranked, type Written } from "../../model/expression";
import type { Completion, Completions } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import { Highlighted } from "./Highlighted";
import { useAnswer, usePlace } from "./useInspector";

interface ExpressionFieldProps {
  readonly id?: string;
  readonly label: string;
  readonly text: string;
  /** It is one expression, without braces. */
  readonly bare: boolean;
  readonly wrong?: boolean;
  readonly silent?: boolean;
  readonly placeholder?: string;
  readonly onMount?: (box: HTMLTextAreaElement | null) => void;
  readonly onChange: (text: string) => void;
  readonly onLeave?: () => void;
}

interface Offered extends Completions {
  readonly cursor: number;
}

export function ExpressionField(props: ExpressionFieldProps) {
  const { text, bare, onChange } = props;
  const editor = useEditor();
  const place = usePlace();
  const box = useRef<HTMLTextAreaElement>(null);
  const wanted = useRef<Written | null>(null);
  const latest = useRef(0);
  const [offered, setOffered] = useState<Offered | null>(null);
  const [chosen, setChosen] = useState(0);
  const list = useId();

  const { onMount } = props;
  useEffect(() => onMount?.(box.current), [onMount]);
  useEffect(() => {
    const { current } = wanted;
    if (current === null || box.current?.value !== current.text) return;
    wanted.current = null;
    box.current.setSelectionRange(current.at, current.at);
  });

  const items: readonly Completion[] =
    offered === null ? [] : ranked(offered.items, text.slice(offered.start, offered.cursor));
  const current = items[Math.min(chosen, items.length - 1)];

  const offer = async (written: string, at: number, forced = false) => {
    latest.current += 1;
    const asked = latest.current;
    const worth = forced || /[\w.$]$|\{\{\s*$/.test(written.slice(0, at));
    if (!worth || !inExpression(written, at, bare)) return setOffered(null);
    const { node, setting: field } = place;
    const question = { type: "COMPLETE", node, field, text: written, at, bare } as const;
    const found = await editor.session.request<"COMPLETIONS">(question).catch(() => null);
    if (asked !== latest.current) return;
    setChosen(0);
    setOffered(found === null || found.items.length === 0 ? null : { ...found, cursor: at });
  };
  const put = (item: Completion) => {
    if (offered === null) return;
    const made = inserted(text, offered.start, offered.end, item);
    wanted.current = made;
    onChange(made.text);
    setOffered(null);
    box.current?.focus();
    if (item.insert.endsWith(".")) void offer(made.text, made.at);
  };
  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === " " && event.ctrlKey) {
      void offer(text, event.currentTarget.selectionStart, true);
    } else if (current === undefined) {
      if (event.key !== "Enter" || event.shiftKey || text.includes("\n")) return;
      props.onLeave?.();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      setChosen((at) => (Math.min(at, items.length - 1) + step + items.length) % items.length);
    } else if (event.key === "Enter" || event.key === "Tab") put(current);
    else if (event.key === "Escape") setOffered(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="fbi-ed" data-wrong={props.wrong || undefined}>
      <Highlighted
        id={props.id}
        box={box}
        text={text}
        language={bare ? "expression" : "template"}
        placeholder={props.placeholder}
        role="combobox"
        aria-label={props.label}
        aria-invalid={props.wrong ?? false}
        aria-autocomplete="list"
        aria-expanded={current !== undefined}
        aria-controls={list}
        aria-activedescendant={current && `${list}-${items.indexOf(current)}`}
        onChange={(event) => {
          onChange(event.target.value);
          void offer(event.target.value, event.target.selectionStart);
        }}
        onKeyDown={keys}
        onBlur={() => {
          setOffered(null);
          props.onLeave?.();
        }}
      />
      {current !== undefined && (
        <div className="fbi-offers" id={list} role="listbox" aria-label="What may stand here">
          {items.map((one, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys are those of the text box
            <div
              key={`${one.group}-${one.label}`}
              id={`${list}-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={one === current}
              ref={one === current ? (el) => el?.scrollIntoView?.({ block: "nearest" }) : undefined}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => put(one)}
            >
              <code>{one.label}</code>
              <span className="fbi-offer-group">{one.group === "wire" ? "+ wire" : one.group}</span>
              <span className="fbi-offer-note">
                {[one.detail, one.preview].filter(Boolean).join(" · ")}
              </span>
            </div>
          ))}
        </div>
      )}
      {props.silent !== true && <Worth text={text} bare={bare} />}
    </div>
  );
}

/** What an expression is worth with the last run's values. */
function Worth({ text, bare }: { readonly text: string; readonly bare: boolean }) {
  const { node, setting: field } = usePlace();
  const asks = text.trim() !== "" && (bare || text.includes("{{"));
  const question = asks ? ({ type: "EVALUATE", node, field, text, bare } as const) : null;
  const { answer: value } = useAnswer<"VALUE">(question, 250);
  if (value === null) return null;
  return (
    <output className="fbi-worth" data-wrong={(value.error && !value.pending) || undefined}>
      {value.error === ""
        ? `= ${value.shown} (${value.is_a}${value.partly ? ", of the first rows" : ""})`
        : value.error + (value.column === null ? "" : `, at ${value.column}`)}
    </output>
  );
}
