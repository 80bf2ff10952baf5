/** A text box whose text is coloured: the box lies over the coloured text, letter on letter. */
import { type ComponentProps, type RefObject, useMemo } from "react";
import { tokens } from "../../model/tokens";

interface HighlightedProps extends ComponentProps<"textarea"> {
  readonly text: string;
  readonly language: string;
  readonly box: RefObject<HTMLTextAreaElement>;
}

export function Highlighted({ text, language, box, ...rest }: HighlightedProps) {
  const pieces = useMemo(() => tokens(text, language), [text, language]);
  return (
    <div className="fbi-ed-text">
      <pre aria-hidden="true">
        {pieces.map((one, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
          <span key={i} data-token={one.kind}>
            {one.text}
          </span>
        ))}
        {"\n"}
      </pre>
      <textarea
        ref={box}
        value={text}
        rows={1}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        {...rest}
      />
    </div>
  );
}
