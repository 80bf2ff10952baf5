/** The top of the details of a node: what it is, how it stands, how far it is. */
import { goToCell } from "../editor/commands/going";
import type { NodeRun } from "../model/node";
import {
  attemptLabel,
  countsSpoken,
  duration,
  elapsed,
  measuredLabel,
  shareLabel,
  shareOf,
  standingLabel,
  standingOf,
  turnsSpoken,
} from "../model/selectors";
import type { Store } from "../model/store";
import { undoneOf } from "../model/undoing";
import type { Details, NodeView } from "../protocol/generated";
import { Icon } from "../view/icons";
import { lookOf } from "../view/kinds";
import { useEditor } from "../view/useEditor";
import { selectProgress, useStore } from "../view/useStore";

interface HeadProps {
  readonly node: NodeView;
  readonly run: NodeRun | undefined;
  readonly details: Details | undefined;
  readonly store: Store;
  readonly onClose: () => void;
}

export function NodeHead({ node, run, details, store, onClose }: HeadProps) {
  const scope = details?.scope ?? "";
  const ms = elapsed(run, store.now());
  const status = standingOf(store.state, node.name);
  const facts = [
    ms === null ? "" : duration(ms),
    attemptLabel(run?.attempt ?? 0),
    measuredLabel(details?.measured ?? null),
    turnsSpoken(run?.turns),
    countsSpoken(run?.counts),
    undoneOf(store.state.run, node.name) ?? "",
    scope === "" ? "" : `turn ${scope}`,
    ...Object.entries(node.options).map(([name, value]) => optionFact(name, value)),
  ].filter(Boolean);
  const look = lookOf(node.kind);
  return (
    <header className="fb-panel-head">
      <span className="fb-kind" data-kind={node.kind} data-tone={look.tone}>
        <Icon name={look.icon} />
      </span>
      <div className="fb-panel-title">
        <h2>{node.name}</h2>
        <div className="fb-panel-facts">
          <span className="fb-state" data-status={status}>
            <i className="fb-state-icon" aria-hidden="true" />
            {standingLabel(status)}
          </span>
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
          {node.index !== null && <CellOf node={node} index={node.index} />}
        </div>
      </div>
      <button
        type="button"
        className="fb-tool"
        aria-label="Close details"
        title="Close (Escape)"
        onClick={onClose}
      >
        <Icon name="close" />
      </button>
    </header>
  );
}

/** Which cell it is, and the way there where a notebook is around. */
function CellOf({ node, index }: { readonly node: NodeView; readonly index: number }) {
  const editor = useEditor();
  const fact = `cell ${index + 1}`;
  if (editor.goToCell.size === 0 || node.cell === null) return <span>{fact}</span>;
  return (
    <button
      type="button"
      className="fb-link"
      title="Go to its cell (Ctrl Enter on the canvas)"
      onClick={() => goToCell(editor, node.name)}
    >
      {fact}
    </button>
  );
}

/** An option in the head; a schema is too long for it, and stands in the code. */
function optionFact(name: string, value: string): string {
  return name === "inputs" || name === "outputs" ? `${name} with schema` : `${name} ${value}`;
}

/** How far a running node says it is. */
export function Going({ name, store }: { readonly name: string; readonly store: Store }) {
  const told = useStore(store, selectProgress)[name];
  if (told === undefined) return null;
  const share = shareOf(told);
  const words = told.text || shareLabel(told) || `${told.done} done`;
  return (
    <div className="fb-going">
      <div
        className="fb-going-bar"
        role="progressbar"
        aria-label={`Progress of ${name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.floor(share * 100)}
        aria-valuetext={words}
      >
        <i
          className={share === null ? "fb-unknown" : undefined}
          style={share === null ? undefined : { width: `${(share * 100).toFixed(1)}%` }}
        />
      </div>
      <span>{words}</span>
    </div>
  );
}
