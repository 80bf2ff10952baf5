/** The text of a node, edited: coloured, with numbers and marks at lines that are wrong. */
import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { edited, type Typed } from "../../model/typing";
import type { Form } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import { Highlighted } from "./Highlighted";
import { useDraft, useDrafts } from "./useInspector";

export function CodeEditor({ form }: { readonly form: Form }) {
  const { node, language } = form;
  const key = `${node}/body`;
  const editor = useEditor();
  const drafts = useDrafts();
  const draft = useDraft(key);
  const box = useRef<HTMLTextAreaElement>(null);
  const next = useRef<Typed | null>(null);
  const help = useId();
  const [leaving, setLeaving] = useState(false);
  const text = draft === undefined ? form.body : String(draft.value);
  const set = (body: string) =>
    drafts.change(key, body, (said) => ({ type: "BODY", node, body: String(said) }));

  useLayoutEffect(() => {
    if (next.current === null || box.current === null) return;
    box.current.setSelectionRange(next.current.start, next.current.end);
    next.current = null;
  });

  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const { selectionStart: start, selectionEnd: end } = event.currentTarget;
    if (event.key === "Escape" && !leaving) {
      setLeaving(true);
      editor.say("Tab leaves the text now");
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const made = leaving ? null : edited({ text, start, end }, event.key, event.shiftKey, language);
    if (made === null || event.ctrlKey || event.metaKey || event.altKey) return;
    next.current = made;
    set(made.text);
    event.preventDefault();
  };
  const lines = text.split("\n");
  const error = draft?.error ?? "";
  return (
    <div className="fbi-code-edit" data-wrong={error !== "" || undefined}>
      <div className="fbi-code-scroll">
        <ol className="fbi-gutter" aria-hidden="true">
          {lines.map((_, i) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: lines are their numbers
              key={i}
              data-wrong={form.errors[i + 1] !== undefined || undefined}
              title={form.errors[i + 1]}
            >
              {i + 1}
            </li>
          ))}
        </ol>
        <Highlighted
          box={box}
          text={text}
          language={language}
          aria-label={`Text of ${node}, ${language}`}
          aria-describedby={help}
          aria-invalid={Object.keys(form.errors).length > 0}
          wrap="off"
          onChange={(event) => set(event.target.value)}
          onKeyDown={keys}
          onFocus={() => setLeaving(false)}
          onBlur={() => drafts.flush(key)}
        />
      </div>
      {Object.entries(form.errors).map(([line, message]) => (
        <p key={line} className="fb-field-error">
          line {line}: {message}
        </p>
      ))}
      {error !== "" && (
        <p className="fb-field-error" role="alert">
          {error} {draft?.hint}
        </p>
      )}
      <p className="fb-unseen" id={help}>
        Tab indents. Press Escape, then Tab, to leave.
      </p>
    </div>
  );
}
