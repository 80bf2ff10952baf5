/** How a node failed. */
import type { ErrorInfo, NodeView } from "../protocol/generated";

interface ErrorTabProps {
  readonly error: ErrorInfo;
  readonly node: NodeView;
  readonly final: boolean;
}

export function ErrorTab({ error, node, final }: ErrorTabProps) {
  const place = [
    node.index === null ? "" : `cell ${node.index + 1}`,
    error.line ? `line ${error.line}` : "",
  ].filter(Boolean);
  return (
    <div className="fb-error">
      {!final && <p className="fb-faint">The last attempt failed; another one follows.</p>}
      <div className="fb-error-head">
        <strong>{error.type}</strong>
        {place.length > 0 && <span className="fb-where">{place.join(", ")}</span>}
      </div>
      <p className="fb-error-message">{error.message}</p>
      {error.hint && <p className="fb-hint">{error.hint}</p>}
      <Given inputs={error.inputs ?? {}} />
      {error.traceback && <pre className="fb-code fb-traceback">{error.traceback}</pre>}
    </div>
  );
}

/** What the attempt that failed was given. */
function Given({ inputs }: { readonly inputs: Readonly<Record<string, string>> }) {
  const given = Object.entries(inputs);
  if (given.length === 0) return null;
  return (
    <section className="fb-section" aria-label="What it was given">
      <h3>
        <span>Given</span>
      </h3>
      <dl className="fb-given">
        {given.map(([name, told]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{told}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
