import type { Refused } from "../protocol/generated";
import { Icon } from "../view/icons";

/** Nobody answers: what is shown is the past. */
export function LostNotice({ onRetry }: { readonly onRetry: () => void }) {
  return (
    <div className="fb-notice" data-severity="warning" role="alert">
      <Icon name="unplugged" />
      <p>
        <strong>Not connected to the kernel.</strong> What you see is the last known state. Run this
        cell again, or wait if the kernel is busy.
      </p>
      <button type="button" className="fb-button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

/** The kernel said no, and why. */
export function RefusedNotice({
  refused,
  onDismiss,
}: {
  readonly refused: Refused;
  readonly onDismiss: () => void;
}) {
  return (
    <div className="fb-notice" data-severity="error" role="alert">
      <Icon name="warning" />
      <div>
        <p>
          <strong>{refused.message}</strong> {refused.hint}
        </p>
        {refused.problems.length > 0 && (
          <ul>
            {refused.problems.map((problem) => (
              <li key={`${problem.node}:${problem.message}`}>
                {problem.message} {problem.hint && <em>{problem.hint}</em>}
              </li>
            ))}
          </ul>
        )}
      </div>
      <button type="button" className="fb-tool" aria-label="Dismiss" onClick={onDismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}

const FIRST_CELL = `%%flow hello(name: str = "world")
f"Hello, {name}!"`;

/** No node yet: how to make the first one. */
export function EmptyFlow() {
  return (
    <div className="fb-empty">
      <Icon name="flow" size={36} />
      <h2>This flow has no nodes yet</h2>
      <p>A cell that begins with %%flow is a node. Write one, run it, and it appears here.</p>
      <pre className="fb-code">{FIRST_CELL}</pre>
      <p className="fb-faint">
        A literal default is a run parameter; the name of another node is a wire.
      </p>
    </div>
  );
}

export function Connecting() {
  return (
    <div className="fb-empty" aria-busy="true">
      <span className="fb-spinner" aria-hidden="true" />
      <p>Asking the kernel for the flow…</p>
    </div>
  );
}
