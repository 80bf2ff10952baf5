/** A text as it is: wrapped or not, to be copied, and the rest of it where there is more. */
import { useRef, useState } from "react";
import type { TextPreview } from "../../protocol/generated";
import { useRemembered } from "../../view/remembered";
import { useEditor } from "../../view/useEditor";
import type { Source } from "../grid/pages";
import { useCopy } from "./useCopy";

/** So much more is asked for at one press; a browser slows down with more. */
const MOST_MORE = 2_000_000;

interface TextBoxProps {
  readonly preview: TextPreview;
  readonly source: Source | undefined;
}

export function TextBox({ preview, source }: TextBoxProps) {
  const { session } = useEditor();
  const [wrap, setWrap] = useRemembered("wrap", false);
  const copy = useCopy();
  const box = useRef<HTMLPreElement>(null);
  const [read, setRead] = useState({ of: preview, text: preview.text, note: "" });
  const [asking, setAsking] = useState(false);
  const now = read.of === preview ? read : { of: preview, text: preview.text, note: "" };
  const { text, note } = now;
  const total = preview.total ?? null;
  const more = preview.cut && total !== null && source !== undefined && text.length < total;

  const ask = async () => {
    if (source === undefined) return;
    setAsking(true);
    let found = text;
    let why = "";
    try {
      const end = found.length + MOST_MORE;
      for (let of = found.length + 1; found.length < Math.min(of, end); ) {
        const part = await session.request<"TEXT">({
          type: "TEXT",
          ...source,
          start: found.length,
        });
        why = part.none;
        if (part.text === "") break;
        found += part.text;
        of = part.total;
      }
    } catch (failure) {
      why = failure instanceof Error ? failure.message : String(failure);
    }
    setRead({ of: preview, text: found, note: why });
    setAsking(false);
    box.current?.focus();
  };

  return (
    <>
      <div className="fb-output-tools" role="toolbar" aria-label="Text">
        <label>
          <input
            type="checkbox"
            checked={wrap}
            onChange={(event) => setWrap(event.currentTarget.checked)}
          />
          Wrap
        </label>
        <button type="button" className="fb-small" onClick={() => copy(text, "the text")}>
          Copy
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by keyboard */}
      <pre ref={box} className="fb-code fb-said-text" data-wrap={wrap || undefined} tabIndex={0}>
        {text}
      </pre>
      {preview.cut && (total === null || text.length < total) && (
        <p className="fb-faint">
          {total === null
            ? "Only the beginning is shown."
            : `The first ${grouped(text.length)} of ${grouped(total)} characters.`}{" "}
          {more && (
            <button
              type="button"
              className="fb-link"
              disabled={asking}
              aria-busy={asking || undefined}
              onClick={() => void ask()}
            >
              {asking ? "Asking…" : total - text.length > MOST_MORE ? "Show more" : "Show all"}
            </button>
          )}
        </p>
      )}
      {note !== "" && <p className="fb-faint">The rest cannot be had: {note}</p>}
    </>
  );
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
