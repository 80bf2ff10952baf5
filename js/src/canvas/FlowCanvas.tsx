import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useStore as useFlowStore,
  useReactFlow,
} from "@xyflow/react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { standing } from "../model/selectors";
import type { Store } from "../model/store";
import type { FlowView, Place } from "../protocol/generated";
import { Icon } from "../view/icons";
import { FlowEdgeLine } from "./FlowEdgeLine";
import { carryOver, type FlowNode, graphEdges, graphNodes } from "./graph";
import { NodeCard } from "./NodeCard";
import { SurroundingsContext } from "./surroundings";

const NODE_TYPES = { flow: NodeCard };
const EDGE_TYPES = { flow: FlowEdgeLine };
const FAR = 0.35;
const MANY = 200;
const TOO_MANY_FOR_MAP = 1000;
const FEW_FOR_MAP = 24;
const PAN_STEP = 60;
const FIT = { padding: 0.12, maxZoom: 1, minZoom: 0.2 };
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [PAN_STEP, 0],
  ArrowRight: [-PAN_STEP, 0],
  ArrowUp: [0, PAN_STEP],
  ArrowDown: [0, -PAN_STEP],
};

export interface FlowCanvasProps {
  readonly id: string;
  readonly store: Store;
  readonly flow: FlowView;
  readonly selected: string | null;
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

function Surface({
  id,
  store,
  flow,
  selected,
  onSelect,
  onOpen,
  onMove,
  onTidyUp,
}: FlowCanvasProps) {
  const [nodes, setNodes] = useState<FlowNode[]>(() => graphNodes(flow));
  const edges = useMemo(() => graphEdges(flow), [flow]);
  const far = useFlowStore((state) => state.transform[2] < FAR);
  const surroundings = useMemo(() => ({ store, far }), [store, far]);
  const fitAfter = useFit(flow.nodes.length);

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
  const keys = useKeys(onSelect, onOpen);

  return (
    <SurroundingsContext.Provider value={surroundings}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the nodes within bubble here */}
      <div className="fb-canvas" onKeyDown={keys}>
        <ReactFlow<FlowNode, ReturnType<typeof graphEdges>[number]>
          id={id}
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={change}
          onNodeDoubleClick={(_, node) => onOpen(node.id)}
          onPaneClick={() => onSelect(null)}
          fitView={flow.nodes.length <= MANY}
          fitViewOptions={FIT}
          minZoom={0.08}
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
            onTidyUp={() => {
              onTidyUp();
              fitAfter();
            }}
          />
          {flow.nodes.length >= FEW_FOR_MAP && flow.nodes.length <= TOO_MANY_FOR_MAP && (
            <MiniMap
              pannable
              ariaLabel="Map of the flow"
              nodeClassName={(node) => `fb-map-${standing(store.state.run?.nodes[node.id])}`}
            />
          )}
        </ReactFlow>
      </div>
    </SurroundingsContext.Provider>
  );
}

/** Fits again while the host still settles its size, until the user takes over. */
function useFit(count: number): () => void {
  const { fitView } = useReactFlow();
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  const moved = useFlowStore((state) => state.userSelectionActive || state.paneDragging);
  const taken = useRef(false);
  if (moved) taken.current = true;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new size or a new node is the reason
  useEffect(() => {
    if (!taken.current && width > 0 && height > 0 && count <= MANY) void fitView(FIT);
  }, [width, height, count, fitView]);
  return () => {
    setTimeout(() => void fitView({ ...FIT, duration: motion(250) }), 120);
  };
}

function motion(ms: number): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms;
}

function useKeys(
  onSelect: (node: string | null) => void,
  onOpen: (node: string) => void,
): (event: KeyboardEvent) => void {
  const { getViewport, setViewport, fitView } = useReactFlow();
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const node = (event.target as Element).closest<HTMLElement>(".react-flow__node")?.dataset.id;
    const arrow = ARROWS[event.key];
    if (event.key === "Enter" && node !== undefined) onOpen(node);
    else if (event.key === "Escape") onSelect(null);
    else if (event.key === "f") void fitView({ ...FIT, duration: motion(200) });
    else if (arrow !== undefined && node === undefined) {
      const { x, y, zoom } = getViewport();
      void setViewport({ x: x + arrow[0], y: y + arrow[1], zoom });
      event.preventDefault();
    }
  };
}

function Tools({ onTidyUp }: { readonly onTidyUp: () => void }) {
  const { zoomIn, zoomOut, fitView } = useReactFlow();
  return (
    <div className="fb-tools" role="toolbar" aria-label="View">
      <Tool icon="plus" label="Zoom in" onClick={() => void zoomIn({ duration: motion(150) })} />
      <Tool icon="minus" label="Zoom out" onClick={() => void zoomOut({ duration: motion(150) })} />
      <Tool
        icon="fit"
        label="Fit the flow (f)"
        onClick={() => void fitView({ ...FIT, duration: motion(200) })}
      />
      <Tool icon="tidy" label="Tidy up: forget moved positions" onClick={onTidyUp} />
    </div>
  );
}

interface ToolProps {
  readonly icon: string;
  readonly label: string;
  readonly onClick: () => void;
}

function Tool({ icon, label, onClick }: ToolProps) {
  return (
    <button type="button" className="fb-tool" title={label} aria-label={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
