import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useStore as useFlowStore,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Point } from "../model/layout";
import { standingOf } from "../model/selectors";
import type { Store } from "../model/store";
import type { FlowView, Place } from "../protocol/generated";
import { FlowEdgeLine } from "./FlowEdgeLine";
import { boxOf, LEAST_ZOOM } from "./frame";
import {
  beside,
  carryOver,
  type FlowEdge,
  type FlowNode,
  graphEdges,
  graphNodes,
  tidied,
} from "./graph";
import { NodeCard } from "./NodeCard";
import { SurroundingsContext } from "./surroundings";
import { Tools } from "./Tools";
import { useFrame } from "./useFrame";
import { KEYS_HELP, useKeys } from "./useKeys";

const NODE_TYPES = { flow: NodeCard };
const EDGE_TYPES = { flow: FlowEdgeLine };
const FAR = 0.35;
const MANY = 200;
const TOO_MANY_FOR_MAP = 1000;
const FEW_FOR_MAP = 24;
/** Until React Flow has taken over new positions. */
const SETTLE_MS = 120;
const SPOKEN = {
  "node.a11yDescription.default": KEYS_HELP,
  "node.a11yDescription.keyboardDisabled": KEYS_HELP,
};

export interface FlowCanvasProps {
  readonly id: string;
  readonly store: Store;
  readonly flow: FlowView;
  readonly selected: string | null;
  /** Nothing is open beside the canvas. */
  readonly alone: boolean;
  readonly onWantHeight: (height: number) => void;
  readonly onSelect: (node: string | null) => void;
  readonly onOpen: (node: string) => void;
  readonly onMove: (positions: Readonly<Record<string, Place>>) => void;
  readonly onTidyUp: () => void;
}

export function FlowCanvas(props: FlowCanvasProps) {
  return (
    <ReactFlowProvider>
      <Surface {...props} />
    </ReactFlowProvider>
  );
}

function Surface(props: FlowCanvasProps) {
  const { id, store, flow, selected, onSelect, onOpen, onMove, onTidyUp } = props;
  const [nodes, setNodes] = useState<FlowNode[]>(() => graphNodes(flow));
  const lines = useMemo(() => graphEdges(flow), [flow]);
  const edges = useMemo(() => beside(lines, selected), [lines, selected]);
  const box = useMemo(() => boxOf(flow.nodes.map((position) => ({ position }))), [flow]);
  const far = useFlowStore((state) => state.transform[2] < FAR);
  const surroundings = useMemo(() => ({ store, far }), [store, far]);
  const surface = useRef<HTMLDivElement>(null);
  const frame = useFrame({ ...props, box });

  useEffect(() => {
    setNodes((before) => carryOver(before, graphNodes(flow)));
  }, [flow]);
  useEffect(() => {
    setNodes((before) =>
      before.some((node) => (node.selected ?? false) !== (node.id === selected))
        ? before.map((node) =>
            (node.selected ?? false) === (node.id === selected)
              ? node
              : { ...node, selected: node.id === selected },
          )
        : before,
    );
  }, [selected]);

  const change = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      setNodes((before) => applyNodeChanges(changes, before));
      const moved: Record<string, Place> = {};
      for (const one of changes) {
        if (one.type === "position" && !one.dragging && one.position)
          moved[one.id] = { x: one.position.x, y: one.position.y };
        if (one.type === "select" && one.selected) onSelect(one.id);
      }
      if (Object.keys(moved).length > 0) onMove(moved);
    },
    [onMove, onSelect],
  );
  const nudge = (node: string, by: Point) => {
    const from = nodes.find((one) => one.id === node)?.position;
    if (from === undefined) return;
    const position = { x: from.x + by.x, y: from.y + by.y };
    change([{ id: node, type: "position", position, dragging: false }]);
  };
  const keys = useKeys({ nodes, surface, frame, selected, onSelect, onOpen, onNudge: nudge });

  return (
    <SurroundingsContext.Provider value={surroundings}>
      <div ref={surface} className="fb-canvas" onKeyDownCapture={keys}>
        <ReactFlow<FlowNode, FlowEdge>
          id={id}
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={change}
          onNodeDoubleClick={(_, node) => onOpen(node.id)}
          onPaneClick={() => onSelect(null)}
          ariaLabelConfig={SPOKEN}
          minZoom={LEAST_ZOOM}
          maxZoom={2}
          nodesConnectable={false}
          edgesFocusable={false}
          onlyRenderVisibleElements={flow.nodes.length > MANY}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
          panActivationKeyCode={null}
          zoomActivationKeyCode={null}
          zoomOnScroll={false}
          panOnScroll={false}
          preventScrolling={false}
          zoomOnDoubleClick={false}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} />
          <Tools
            onFit={frame.fit}
            onTidyUp={() => {
              setNodes((before) => tidied(flow, before));
              onTidyUp();
              setTimeout(frame.fit, SETTLE_MS);
            }}
          />
          {flow.nodes.length >= FEW_FOR_MAP && flow.nodes.length <= TOO_MANY_FOR_MAP && (
            <MiniMap
              pannable
              ariaLabel="Map of the flow"
              nodeClassName={(node) => `fb-map-${standingOf(store.state, node.id)}`}
            />
          )}
        </ReactFlow>
      </div>
    </SurroundingsContext.Provider>
  );
}
