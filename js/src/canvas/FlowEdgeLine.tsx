import { EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { edgeSays } from "../model/selectors";
import type { FlowEdge } from "./graph";
import { paintEdge } from "./paint";
import { line } from "./path";
import { useSurroundings } from "./surroundings";

/** One edge: dashes move while its target runs, it fades where the branch is not taken. */
export const FlowEdgeLine = memo(function FlowEdgeLine(props: EdgeProps<FlowEdge>) {
  const { store, far } = useSurroundings();
  const [pointed, setPointed] = useState(false);
  const group = useRef<SVGGElement>(null);
  const edge = props.data?.edge;
  const start = { x: props.sourceX, y: props.sourceY };
  const end = { x: props.targetX, y: props.targetY };
  const { path, label } = line(start, end, props.data?.way ?? null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `far` swaps the DOM that is painted
  useLayoutEffect(() => {
    const element = group.current;
    if (element === null || edge === undefined) return;
    const paint = () => paintEdge(element, edge, store);
    paint();
    return store.subscribe(paint);
  }, [store, edge, far]);

  return (
    <g ref={group} className="fb-edge">
      <path className="react-flow__edge-path" d={path} fill="none" />
      {!far && (
        <path
          className="fb-edge-reach"
          d={path}
          fill="none"
          onPointerEnter={() => setPointed(true)}
          onPointerLeave={() => setPointed(false)}
        />
      )}
      {!far && pointed && edge !== undefined && (
        <EdgeLabelRenderer>
          <span
            className="fb-edge-label"
            style={{ transform: `translate(${label.x}px, ${label.y}px) translate(-50%, -50%)` }}
          >
            {edgeSays(edge, store.state.run)}
          </span>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});
