/** What would come of letting go, beside the pointer. */
export interface HintView {
  /** From the corner of the canvas. */
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** false: it would be refused. */
  readonly ok: boolean | null;
}

export function Hint({ hint }: { readonly hint: HintView | null }) {
  if (hint === null || hint.text === "") return null;
  const { x, y, text, ok } = hint;
  return (
    <div className="fb-outcome" data-ok={ok ?? undefined} style={{ left: x + 14, top: y + 14 }}>
      <span aria-hidden="true">{ok === false ? "⊘" : "→"}</span> {text}
    </div>
  );
}
