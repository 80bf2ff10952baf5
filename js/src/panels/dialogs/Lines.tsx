import type { NodeDiff } from "../../protocol/generated";

/** Two texts in one, line by line. */
export function Lines({ lines }: { readonly lines: NodeDiff["lines"] }) {
  if (lines.length === 0) return <p className="fb-faint">Its text is the same in both.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by keyboard
    <pre className="fb-diff" tabIndex={0}>
      {lines.map(([mark, text], i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
        <div key={i} data-line={mark}>
          <span aria-hidden="true">{mark}</span>
          <span className="fb-unseen">{mark === "+" ? "new: " : mark === "-" ? "gone: " : ""}</span>
          {text || " "}
        </div>
      ))}
    </pre>
  );
}
