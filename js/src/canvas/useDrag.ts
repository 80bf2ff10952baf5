/** Dragging nodes: they snap while they move, and where they are dropped says what it means. */
import { applyNodeChanges, type NodeChange, useReactFlow } from "@xyflow/react";
import { type RefObject, useCallback, useRef, useState } from "react";
import type { Editor } from "../editor/editor";
import type { Point } from "../model/layout";
import { settled } from "../model/nesting";
import { type Drop, droppedOn, finish, mark } from "./dropping";
import type { FlowNode, Picture } from "./graph";
import type { HintView } from "./Hint";
import { type Guide, type Snap, snapped } from "./snapping";
import type { Nodes } from "./useNodes";

/** Nodes farther away than this have nothing to say to where one snaps. */
const FAR = 1200;
const NO_SNAP: Snap = { dx: 0, dy: 0, guides: [] };

export interface Dragging {
  readonly guides: readonly Guide[];
  readonly hint: HintView | null;
  readonly change: (changes: NodeChange<FlowNode>[]) => void;
  readonly onNodeDragStart: (event: unknown, node: FlowNode, nodes: FlowNode[]) => void;
  readonly onNodeDrag: (event: MouseEvent | TouchEvent) => void;
  readonly onNodeDragStop: () => void;
}

interface Held {
  readonly primary: string;
  readonly names: ReadonlySet<string>;
}

export function useDrag(
  editor: Editor,
  picture: Picture,
  { now, setNodes }: Nodes,
  surface: RefObject<HTMLElement | null>,
): Dragging {
  const { getViewport, screenToFlowPosition, getInternalNode } = useReactFlow();
  const [guides, setGuides] = useState<readonly Guide[]>([]);
  const [hint, setHint] = useState<HintView | null>(null);
  const held = useRef<Held | null>(null);
  const free = useRef(false);
  const drop = useRef<Drop | null>(null);

  const snap = useCallback(
    (changes: NodeChange<FlowNode>[]): Snap => {
      const { primary, names } = held.current ?? {};
      if (primary === undefined || free.current) return NO_SNAP;
      const moved = changes.find((one) => one.type === "position" && one.id === primary);
      const node = now.current.find((one) => one.id === primary);
      if (moved?.type !== "position" || !moved.position || node === undefined) return NO_SNAP;
      const rect = { ...moved.position, width: node.width ?? 0, height: node.height ?? 0 };
      const others = now.current
        .filter(
          (one) =>
            one.parentId === node.parentId &&
            !names?.has(one.id) &&
            Math.abs(one.position.x - rect.x) < FAR &&
            Math.abs(one.position.y - rect.y) < FAR,
        )
        .map(({ position, width = 0, height = 0 }) => ({ ...position, width, height }));
      return snapped(rect, others, getViewport().zoom);
    },
    [now, getViewport],
  );

  const change = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const kept = changes.filter((one) => one.type !== "select" && one.type !== "remove");
      if (kept.length === 0) return;
      const { dx, dy, guides: lines } = snap(kept);
      const shifted = kept.map((one) =>
        one.type === "position" && one.position
          ? { ...one, position: { x: one.position.x + dx, y: one.position.y + dy } }
          : one,
      );
      setNodes((before) => {
        now.current = applyNodeChanges(shifted, before);
        return now.current;
      });
      const home = now.current.find((one) => one.id === held.current?.primary)?.parentId;
      const origin = home === undefined ? undefined : getInternalNode(home)?.internals;
      setGuides(lines.map((one) => shift(one, origin?.positionAbsolute)));
    },
    [now, setNodes, snap, getInternalNode],
  );

  const onNodeDragStart = useCallback(
    (_: unknown, node: FlowNode, nodes: FlowNode[]) => {
      if (!editor.state.nodes.has(node.id)) editor.select([node.id]);
      held.current = { primary: node.id, names: new Set(nodes.map((one) => one.id)) };
    },
    [editor],
  );

  const onNodeDrag = useCallback(
    (event: MouseEvent | TouchEvent) => {
      free.current = event.altKey;
      const root = surface.current;
      if (root === null || held.current === null) return;
      const touch = "touches" in event ? event.touches[0] : event;
      if (touch === undefined) return;
      const { clientX: x, clientY: y } = touch;
      const at = screenToFlowPosition({ x, y });
      const next = droppedOn(picture, held.current, at, document.elementsFromPoint(x, y));
      if (next?.key !== drop.current?.key) mark(root, next);
      drop.current = next;
      const corner = root.getBoundingClientRect();
      setHint(
        next === null ? null : { x: x - corner.x, y: y - corner.y, text: next.text, ok: true },
      );
    },
    [picture, surface, screenToFlowPosition],
  );

  const onNodeDragStop = useCallback(() => {
    const found = drop.current;
    const names = held.current?.names ?? new Set();
    held.current = null;
    drop.current = null;
    setGuides([]);
    setHint(null);
    if (surface.current !== null) mark(surface.current, null);
    const moves = movesOf(now.current, names);
    if (Object.keys(moves).length === 0) return;
    if (found === null) editor.move(settled(picture.nest, moves));
    else finish(editor, picture, found, moves);
  }, [editor, picture, now, surface]);
  return { guides, hint, change, onNodeDragStart, onNodeDrag, onNodeDragStop };
}

/** Where the definition would have nodes that are drawn somewhere else now. */
export function movesOf(
  nodes: readonly FlowNode[],
  names: ReadonlySet<unknown>,
): Record<string, Point> {
  const moves: Record<string, Point> = {};
  for (const { id, position, data } of nodes) {
    if (!names.has(id) || (position.x === data.at.x && position.y === data.at.y)) continue;
    const { node, at } = data;
    moves[id] = { x: node.x + position.x - at.x, y: node.y + position.y - at.y };
  }
  return moves;
}

function shift(guide: Guide, by: Point | undefined): Guide {
  if (by === undefined) return guide;
  const [along, across] = guide.axis === "x" ? [by.x, by.y] : [by.y, by.x];
  return { ...guide, at: guide.at + along, from: guide.from + across, to: guide.to + across };
}
