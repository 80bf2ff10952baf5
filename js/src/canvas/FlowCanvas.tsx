import { ReactFlow, ReactFlowProvider, useStore as useFlowStore } from "@xyflow/react";
import { type PointerEvent, useCallback, useEffect, useMemo, useRef } from "react";
import { goToCell } from "../editor/commands/going";
import { geometryOf } from "../editor/geometry";
import { asidesOf } from "../model/overlay";
import type { CanvasState } from "../model/state";
import type { Store } from "../model/store";
import type { FlowView } from "../protocol/generated";
import type { RunPage } from "../protocol/runPage";
import { useEditor, useEditorState } from "../view/useEditor";
import { selectRefused, useStore } from "../view/useStore";
import { ContainerCard } from "./ContainerCard";
import { Dots } from "./Dots";
import { FarEdges } from "./FarEdges";
import { FlowEdgeLine } from "./FlowEdgeLine";
import { FlowMap } from "./FlowMap";
import { boxOf, LEAST_ZOOM } from "./frame";
import { Guides } from "./Guides";
import { beside, carryEdges, type FlowEdge, type FlowNode, pictured } from "./graph";
import { Hint } from "./Hint";
import { LinkLine } from "./LinkLine";
import { NodeCard } from "./NodeCard";
import { NoteCard } from "./NoteCard";
import { Painter } from "./painter";
import { SurroundingsContext } from "./surroundings";
import { Tools } from "./Tools";
import { useClipboard } from "./useClipboard";
import { useConnect } from "./useConnect";
import { useDeclaredSizes } from "./useDeclaredSizes";
import { useDrag } from "./useDrag";
import { useFrame } from "./useFrame";
import { KEYS_HELP, useKeys } from "./useKeys";
import { useKindDrop } from "./useKindDrop";
import { useMarquee } from "./useMarquee";
import { useNodes } from "./useNodes";
import { usePanning } from "./usePanning";
import { usePointing } from "./usePointing";
import { useRememberedFolding, useRememberedView } from "./useRemembered";
import { useSurface } from "./useSurface";

import "./container.css";
import "./note.css";
import "./overlay.css";
import "./ports.css";

const NODE_TYPES = { flow: NodeCard, container: ContainerCard, note: NoteCard };
const EDGE_TYPES = { flow: FlowEdgeLine };
const FAR = 0.35;
const NO_EDGES: FlowEdge[] = [];
/** More nodes than these are drawn where they are in view, and without shadows and dots. */
const MANY = 200;
const TOO_MANY_FOR_MAP = 5000;
const FEW_FOR_MAP = 24;
const PAN_BUTTONS = [0, 1];
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
}

/** What a page is remembered by: its run, or two of them, else the flow. */
function pageName(page: RunPage | undefined, flow: string): string {
  return page === undefined ? flow : `${page.against ?? ""}:${page.run}`;
}

export function FlowCanvas(props: FlowCanvasProps) {
  return (
    <ReactFlowProvider>
      <Surface {...props} />
    </ReactFlowProvider>
  );
}

function Surface(props: FlowCanvasProps) {
  const { id, store, flow, onSelect, onOpen } = props;
  const editor = useEditor();
  const { whole } = editor;
  const state = useEditorState(selectAll);
  const { nodes: chosen, edges: wires, folded, found, reveal, overlay } = state;
  const refused = useStore<CanvasState["refused"]>(store, selectRefused);
  useRememberedFolding(editor, flow.flow);
  const picture = useMemo(() => pictured(flow, geometryOf(flow, folded)), [flow, folded]);
  const kept = useRef<FlowEdge[]>([]);
  kept.current = useMemo(() => carryEdges(kept.current, picture.edges), [picture]);
  const lines = kept.current;
  const edges = useMemo(() => beside(lines, chosen, wires), [lines, chosen, wires]);
  const nodes = useNodes(picture.nodes, chosen, refused);
  const box = useMemo(
    () => boxOf(picture.nodes.filter((node) => node.parentId === undefined)),
    [picture],
  );
  const far = useFlowStore((state) => state.transform[2] < FAR);
  const many = flow.nodes.length > MANY;
  useDeclaredSizes();
  const painter = useMemo(() => new Painter(store), [store]);
  useEffect(() => painter.start(), [painter]);
  const asides = useMemo(() => asidesOf(overlay, flow), [overlay, flow]);
  const surroundings = useMemo(
    () => ({ store, painter, far, found, asides }),
    [store, painter, far, found, asides],
  );
  const surface = useRef<HTMLDivElement>(null);
  const { viewport, onMoveEnd } = useRememberedView(pageName(editor.page, flow.flow), whole);
  const frame = useFrame({ ...props, box, viewport, touched: chosen.size + wires.size > 0 });
  useEffect(() => {
    if (reveal !== null) frame.reveal(reveal.node);
  }, [reveal, frame]);
  const pointer = useSurface(editor, surface, frame);
  const drag = useDrag(editor, picture, nodes, surface);
  const connecting = useConnect(editor, surface);
  const { marquee, press: pressMarquee } = useMarquee(editor, surface);
  const panning = usePanning(editor);
  const pointing = usePointing(editor, onSelect);
  const clipboard = useClipboard(editor);
  const kinds = useKindDrop(editor);
  const keys = useKeys({ editor, nodes, frame, onSelect, onOpen });

  const taken = useRef(false);
  const press = useCallback(
    (event: PointerEvent) => {
      panning.used();
      const native = event.nativeEvent ?? (event as unknown as globalThis.PointerEvent);
      taken.current = !panning.panning && (connecting.press(native) || pressMarquee(native));
    },
    [panning, connecting.press, pressMarquee],
  );
  const hint = connecting.hint ?? drag.hint;

  return (
    <SurroundingsContext.Provider value={surroundings}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what is inside has the roles */}
      <div
        ref={surface}
        className="fb-canvas"
        data-many={many || undefined}
        data-overlay={overlay?.kind}
        data-panning={panning.panning || undefined}
        {...clipboard}
        onKeyDownCapture={(event) => {
          pointing.onKey(event);
          if (panning.onKeyDown(event)) event.preventDefault();
          else keys(event);
        }}
        onKeyUpCapture={panning.onKeyUp}
        onPointerDownCapture={press}
        onMouseDownCapture={(event) => {
          if (taken.current) event.stopPropagation();
          if (taken.current || event.button === 1) event.preventDefault();
        }}
        onPointerMoveCapture={(event) => {
          pointer.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerLeave={() => {
          pointer.current = null;
        }}
        onFocusCapture={pointing.onFocus}
        {...kinds}
        onContextMenu={pointing.onContextMenu}
      >
        <ReactFlow<FlowNode, FlowEdge>
          id={id}
          nodes={nodes.nodes}
          edges={far ? NO_EDGES : edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={drag.change}
          onNodeClick={pointing.onNodeClick}
          onNodeDoubleClick={(event, node) =>
            event.ctrlKey || event.metaKey ? goToCell(editor, node.id) : onOpen(node.id)
          }
          onEdgeClick={pointing.onEdgeClick}
          onPaneClick={pointing.onPaneClick}
          onNodeDragStart={drag.onNodeDragStart}
          onNodeDrag={drag.onNodeDrag}
          onNodeDragStop={drag.onNodeDragStop}
          onMoveEnd={onMoveEnd}
          ariaLabelConfig={SPOKEN}
          minZoom={LEAST_ZOOM}
          maxZoom={2}
          nodesDraggable={flow.locked === "" && !panning.panning}
          nodesConnectable={false}
          elementsSelectable={false}
          selectNodesOnDrag={false}
          edgesFocusable={false}
          onlyRenderVisibleElements={many}
          panOnDrag={PAN_BUTTONS}
          panOnScroll={whole}
          preventScrolling={whole}
          zoomOnScroll={false}
          zoomOnDoubleClick={false}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
          panActivationKeyCode={null}
          zoomActivationKeyCode={null}
        >
          {!many && <Dots />}
          {far && <FarEdges edges={edges} />}
          <Guides guides={drag.hint === null ? drag.guides : []} />
          <LinkLine link={connecting.link} />
          <Tools />
          {flow.nodes.length >= FEW_FOR_MAP && flow.nodes.length <= TOO_MANY_FOR_MAP && (
            <FlowMap store={store} />
          )}
        </ReactFlow>
        {marquee !== null && (
          <div
            className="fb-marquee"
            style={{
              left: marquee.x,
              top: marquee.y,
              width: marquee.width,
              height: marquee.height,
            }}
          />
        )}
        <Hint hint={hint} />
      </div>
    </SurroundingsContext.Provider>
  );
}

const selectAll = <T,>(state: T) => state;
