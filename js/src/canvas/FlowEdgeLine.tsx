import { type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo, useLayoutEffect, useRef } from "react";
import type { FlowEdge } from "./graph";
import { paintEdge } from "./paint";
import { useSurroundings } from "./surroundings";

/** One edge: dashes move while its target runs, it fades where the branch is not taken. */
export const FlowEdgeLine = memo(function FlowEdgeLine(props: EdgeProps<FlowEdge>) {
  const { store, far } = useSurroundings();
  const group = useRef<SVGGElement>(null);
  const edge = props.data?.edge;
  const [path, labelX, labelY] = getBezierPath(props);

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
      {!far && <text className="fb-edge-label" x={labelX} y={labelY} dy="-6" />}
    </g>
  );
});
