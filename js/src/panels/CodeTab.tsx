/** The text of a node, to be read. */
import type { Details } from "../protocol/generated";

export function CodeTab({ details }: { readonly details: Details }) {
  if (details.source.trim() === "") return <p className="fb-faint">This node has no text.</p>;
  return (
    <pre className="fb-code">
      <code data-language={details.language}>{details.source.replace(/^\n+|\s+$/g, "")}</code>
    </pre>
  );
}
