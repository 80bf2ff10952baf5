import { EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo, useContext, useLayoutEffect, useRef, useState } from "react";
import { asideOfEdge } from "../model/overlay";
import { EdgeCardContext } from "../view/edgeCard";
import { warmth } from "./AsideBadge";
import type { FlowEdge } from "./graph";
import { line } from "./path";
import { useSurroundings } from "./surroundings";

/** How far from its ports a wire is taken hold of. */
const GRIP = 17;

/** One edge: dashes move while its target runs, it fades where the branch is not taken. */
export const FlowEdgeLine = memo(function FlowEdgeLine(props: EdgeProps<FlowEdge>) {
  const { painter, far, asides } = useSurroundings();
  const EdgeCard = useContext(EdgeCardContext);
  const [pointed, setPointed] = useState(false);
  const group = useRef<SVGGElement>(null);
  const edge = props.data?.edge;
  const aside = edge === undefined ? undefined : asideOfEdge(asides, edge);
  const start = { x: props.sourceX, y: props.sourceY };
  const end = { x: props.targetX, y: props.targetY };
  const { path, label } = line(start, end, props.data?.way ?? null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `far` swaps the DOM that is painted
  useLayoutEffect(() => {
    const element = group.current;
    if (element === null || edge === undefined) return;
    return painter.edge(element, edge);
  }, [painter, edge, far]);

  return (
    <g
      ref={group}
      className="fb-edge"
      data-aside={aside?.tone}
      style={warmth(aside)}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
    >
      <path className="react-flow__edge-path" d={path} fill="none" />
      {!far && <text className="fb-edge-volume" x={label.x} y={label.y - 5} />}
      {!far && aside !== undefined && aside.text !== "" && (
        <text className="fb-edge-aside" x={label.x} y={label.y - 5}>
          {aside.text}
        </text>
      )}
      {!far && <path className="fb-edge-reach" d={path} fill="none" />}
      {!far && (pointed || props.selected) && edge !== undefined && (
        <>
          <circle
            className="fb-edge-end"
            data-end="source"
            data-x={end.x}
            data-y={end.y}
            cx={start.x + GRIP}
            cy={start.y}
            r={6}
          />
          <circle
            className="fb-edge-end"
            data-end="target"
            data-x={start.x}
            data-y={start.y}
            cx={end.x - GRIP}
            cy={end.y}
            r={6}
          />
        </>
      )}
      {!far && (pointed || props.selected) && edge !== undefined && (
        <EdgeLabelRenderer>
          <EdgeCard edge={edge} at={label} />
        </EdgeLabelRenderer>
      )}
    </g>
  );
});
