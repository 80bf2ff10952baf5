import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { fold } from "../editor/commands/grouping";
import { Icon } from "../view/icons";
import { lookOf } from "../view/kinds";
import { useEditor } from "../view/useEditor";
import { AsideBadge, warmth } from "./AsideBadge";
import type { FlowNode } from "./graph";
import { Name } from "./Name";
import { Ports } from "./Ports";
import { useAside, useDimmed, useSurroundings } from "./surroundings";
import { usePainted } from "./usePainted";

/** An open container: a box around its members, its title and how it stands above them. */
export const ContainerCard = memo(function ContainerCard({ data }: NodeProps<FlowNode>) {
  const { far } = useSurroundings();
  const dimmed = useDimmed(data.node.name);
  const aside = useAside(data.node.name);
  const box = usePainted<HTMLDivElement>(data, far);
  const { node, problems, members, lanes } = data;
  const look = lookOf(node.kind);
  return (
    <div
      ref={box}
      className="fb-box"
      data-dimmed={dimmed}
      data-far={far || undefined}
      data-aside={aside?.tone}
      style={warmth(aside)}
    >
      <div className="fb-box-title">
        <Fold node={node.name} folded={false} members={members ?? 0} />
        <span className="fb-kind" data-kind={node.kind} data-tone={look.tone}>
          <Icon name={look.icon} />
        </span>
        <Name node={node.name} />
        <span className="fb-sub">
          <span className="fb-volume" />
          <span className="fb-kind-name">{node.kind}</span>
          <span className="fb-tries" />
        </span>
        <span className="fb-box-end">
          {problems.length > 0 && (
            <span
              className="fb-badge"
              data-severity={problems.some((one) => one.severity === "error") ? "error" : "warning"}
              title={problems.map((one) => one.message).join("\n")}
            >
              <Icon name="warning" size={12} />
              {problems.length}
            </span>
          )}
          <span className="fb-state">
            <svg className="fb-state-mark" width="16" height="16" aria-hidden="true">
              <path />
            </svg>
            <span className="fb-state-text" />
          </span>
          <span className="fb-ms" />
        </span>
      </div>
      {members === 0 && <p className="fb-box-empty">Drop nodes here</p>}
      {lanes.map((lane) => (
        <span key={lane.name} className="fb-lane" style={{ top: lane.y }}>
          {lane.name}
        </span>
      ))}
      <AsideBadge aside={aside} />
      <Ports node={node.name} ports={data.inputs} side="in" />
      <Ports node={node.name} ports={data.outputs} side="out" />
    </div>
  );
});

interface FoldProps {
  readonly node: string;
  readonly folded: boolean;
  readonly members: number;
}

/** Opens and closes a container. */
export function Fold({ node, folded, members }: FoldProps) {
  const editor = useEditor();
  const label = `${folded ? "Expand" : "Collapse"} ${node}, ${members} ${members === 1 ? "node" : "nodes"}`;
  return (
    <button
      type="button"
      className="fb-fold nodrag"
      data-action="fold"
      aria-expanded={!folded}
      aria-label={label}
      title={`${label} (e)`}
      tabIndex={-1}
      onClick={(event) => {
        event.stopPropagation();
        fold(editor, node);
        editor.surface.focus(node);
      }}
    >
      <Icon name="chevron" size={14} />
      {folded && <span className="fb-fold-count">{members}</span>}
    </button>
  );
}
