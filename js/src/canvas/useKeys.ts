import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, type RefObject, useCallback } from "react";
import type { Point } from "../model/layout";
import type { FlowNode } from "./graph";
import { direction, nearest, step } from "./steering";
import type { Frame } from "./useFrame";

const PAN = 60;
const NUDGE = 20;
/** Frames to wait for a node that is drawn only once it is in view. */
const PATIENCE = 10;

/** Read to those who cannot see the canvas when a node gets the focus. */
export const KEYS_HELP =
  "Arrow keys go to the nearest node, Home and End to the first and last. " +
  "Shift and an arrow key move the node. Enter opens its details, Escape closes them.";

interface KeyOptions {
  readonly nodes: readonly FlowNode[];
  readonly surface: RefObject<HTMLElement | null>;
  readonly frame: Frame;
  readonly selected: string | null;
  readonly onSelect: (node: string | null) => void;
  readonly onOpen: (node: string) => void;
  readonly onNudge: (node: string, by: Point) => void;
}

/** What keys do on the canvas. Taken in the capture phase: React Flow would move nodes. */
export function useKeys(options: KeyOptions): (event: KeyboardEvent) => void {
  const { nodes, surface, frame, selected, onSelect, onOpen, onNudge } = options;
  const { getViewport, setViewport } = useReactFlow();

  const go = useCallback(
    (node: FlowNode | null | undefined) => {
      if (!node) return;
      frame.reveal(node.id, 0);
      if (selected !== null) onSelect(node.id);
      focus(surface.current, node.id);
    },
    [frame, selected, onSelect, surface],
  );

  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const name = (event.target as Element).closest<HTMLElement>(".react-flow__node")?.dataset.id;
    const from = nodes.find((node) => node.id === name);
    const towards = direction(event.key);
    if (event.key === "Enter" && from) onOpen(from.id);
    else if (event.key === "Escape") onSelect(null);
    else if (event.key === "f") frame.fit();
    else {
      if (event.key === "Home") go(nodes[0]);
      else if (event.key === "End") go(nodes.at(-1));
      else if (towards === null) return;
      else if (from && event.shiftKey) onNudge(from.id, step(towards, NUDGE));
      else if (from) go(nearest(nodes, from, towards));
      else {
        const { x, y, zoom } = getViewport();
        const by = step(towards, -PAN);
        void setViewport({ x: x + by.x, y: y + by.y, zoom });
      }
      event.preventDefault();
      event.stopPropagation();
    }
  };
}

function focus(surface: HTMLElement | null, node: string, patience = PATIENCE): void {
  const found = surface?.querySelector<HTMLElement>(
    `.react-flow__node[data-id="${CSS.escape(node)}"]`,
  );
  if (found) found.focus({ preventScroll: true });
  else if (patience > 0) requestAnimationFrame(() => focus(surface, node, patience - 1));
}
