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
import { HEIGHT, WIDTH } from "../model/layout";
import { standing } from "../model/selectors";
import type { Store } from "../model/store";
import type { FlowView, Place } from "../protocol/generated";
import { Icon } from "../view/icons";
import { FlowEdgeLine } from "./FlowEdgeLine";
import { carryOver, type FlowNode, graphEdges, graphNodes, tidied } from "./graph";
import { NodeCard } from "./NodeCard";
import { SurroundingsContext } from "./surroundings";

const NODE_TYPES = { flow: NodeCard };
const EDGE_TYPES = { flow: FlowEdgeLine };
const FAR = 0.35;
const MANY = 200;
const TOO_MANY_FOR_MAP = 1000;
const FEW_FOR_MAP = 24;
const PAN_STEP = 60;
const MARGIN = 24;
const FIT = { padding: 0.08, maxZoom: 1, minZoom: 0.08 };
/** At first text must be readable, even where not everything fits. */
const FIRST_FIT = { ...FIT, minZoom: 0.4 };
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
  const fitAfter = useFit(flow.nodes.length, selected);

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
          fitViewOptions={FIRST_FIT}
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
              setNodes((before) => tidied(flow, before));
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

/**
 * Fits the flow while the host still settles its size, until the user takes over; later changes of
 * size (a panel opens) only bring the selected node back into view.
 */
function useFit(count: number, selected: string | null): () => void {
  const { fitView, getNode, getViewport, setViewport } = useReactFlow();
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  const moved = useFlowStore((state) => state.paneDragging);
  const taken = useRef(false);
  if (moved || selected !== null) taken.current = true;
  useEffect(() => {
    if (!taken.current && width > 0 && height > 0 && count <= MANY) void fitView(FIRST_FIT);
  }, [width, height, count, fitView]);
  useEffect(() => {
    const node = selected === null ? undefined : getNode(selected);
    if (node === undefined || width === 0) return;
    const { x, y, zoom } = getViewport();
    const left = within(node.position.x * zoom + x, WIDTH * zoom, width);
    const top = within(node.position.y * zoom + y, HEIGHT * zoom, height);
    if (left !== 0 || top !== 0)
      void setViewport({ x: x + left, y: y + top, zoom }, { duration: motion(200) });
  }, [selected, width, height, getNode, getViewport, setViewport]);
  return () => {
    setTimeout(() => void fitView({ ...FIT, duration: motion(250) }), 120);
  };
}

/** How far to shift what starts at `start` and is `size` long so that it lies within `room`. */
function within(start: number, size: number, room: number): number {
  if (start < MARGIN) return MARGIN - start;
  const over = start + size + MARGIN - room;
  return over > 0 ? -over : 0;
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
