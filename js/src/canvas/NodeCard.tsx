import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { Icon } from "../view/icons";
import { lookOf } from "../view/kinds";
import { AsideBadge, warmth } from "./AsideBadge";
import { Fold } from "./ContainerCard";
import { FarName } from "./FarName";
import type { FlowNode } from "./graph";
import { Name } from "./Name";
import { Ports } from "./Ports";
import type { Port } from "./port";
import { useAside, useDimmed, useSurroundings } from "./surroundings";
import { usePainted } from "./usePainted";

/** Longer ones are cut. Only these get a clip, for each is a layer of its own to the browser. */
const LONG_KIND = 18;
const PADDING = 12;
const LETTER = 6.6;
const WIDEST_LABEL = 64;

/** One node. React draws what the definition says; the run is painted over it. */
export const NodeCard = memo(function NodeCard({ data }: NodeProps<FlowNode>) {
  const { far } = useSurroundings();
  const dimmed = useDimmed(data.node.name);
  const aside = useAside(data.node.name);
  const card = usePainted<HTMLDivElement>(data, far);
  const { node, part, problems, stale, members, folded } = data;

  if (far) {
    return (
      <div
        ref={card}
        className="fb-node fb-node-far"
        data-dimmed={dimmed}
        data-aside={aside?.tone}
        style={warmth(aside)}
        title={node.name}
      >
        <FarName name={node.name} />
      </div>
    );
  }
  const look = lookOf(node.kind);
  const wrong = problems.some((one) => one.severity === "error");
  return (
    <div
      ref={card}
      className="fb-node"
      data-dimmed={dimmed}
      data-aside={aside?.tone}
      data-wrong={wrong || undefined}
      data-stale={stale !== null || undefined}
      data-ports={data.outputs.some((port) => port.label !== "") || undefined}
      data-container={folded || undefined}
      data-unknown={!node.known || undefined}
      style={{ paddingInlineEnd: room(data.outputs), ...warmth(aside) }}
    >
      <div className="fb-node-head">
        <span className="fb-kind" data-kind={node.kind} data-tone={look.tone}>
          <Icon name={look.icon} />
        </span>
        <span className="fb-names">
          <Name node={node.name} />
          <span className="fb-sub">
            <span className="fb-volume" />
            {part === null ? (
              <span className="fb-kind-name" data-long={node.kind.length > LONG_KIND || undefined}>
                {node.known ? node.kind : `${node.kind}, not installed here`}
              </span>
            ) : (
              <span className="fb-home" title={part.help}>
                {part.text}
              </span>
            )}
            {stale === null ? (
              <span className="fb-tries" />
            ) : (
              <span className="fb-stale" title={stale}>
                stale
              </span>
            )}
          </span>
        </span>
        {folded && <Fold node={node.name} folded members={members ?? 0} />}
        {problems.length > 0 && (
          <span
            className="fb-badge"
            data-severity={wrong ? "error" : "warning"}
            title={problems.map((one) => one.message).join("\n")}
          >
            <Icon name="warning" size={12} />
            {problems.length}
          </span>
        )}
      </div>
      <div className="fb-node-foot">
        <span className="fb-state">
          <svg className="fb-state-mark" width="16" height="16" aria-hidden="true">
            <path />
          </svg>
          <span className="fb-state-text" />
        </span>
        <span className="fb-ms" />
      </div>
      <div className="fb-bar">
        <i />
      </div>
      <AsideBadge aside={aside} />
      <Ports node={node.name} ports={data.inputs} side="in" />
      <Ports node={node.name} ports={data.outputs} side="out" />
    </div>
  );
});

/** Room at the right for the names of ports. */
function room(outputs: readonly Port[]): number {
  const longest = Math.max(0, ...outputs.map((port) => port.label.length));
  return longest === 0 ? PADDING : Math.min(WIDEST_LABEL, longest * LETTER) + PADDING + 4;
}
