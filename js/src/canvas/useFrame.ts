import { useStore as useFlowStore, useReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useLayoutEffect, useRef } from "react";
import { HEIGHT, WIDTH } from "../model/layout";
import { type Box, boxOf, FIRST_ZOOM, framing, LEAST_ZOOM, wantedHeight } from "./frame";

const MARGIN = 24;

export interface Frame {
  /** Show all of the flow, now and when the room changes. */
  readonly fit: () => void;
  /** Bring one node into view, moving as little as possible. */
  readonly reveal: (node: string, ms?: number) => void;
}

interface FrameOptions {
  readonly box: Box;
  readonly selected: string | null;
  /** Nothing is open beside the canvas. */
  readonly alone: boolean;
  readonly onWantHeight: (height: number) => void;
}

/**
 * Frames the flow while the host still settles its size, until the user takes over; later changes
 * of size (a panel opens) only bring the flow, or else the selected node, back into view.
 */
export function useFrame({ box, selected, alone, onWantHeight }: FrameOptions): Frame {
  const { getNode, getNodes, getViewport, setViewport } = useReactFlow();
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  const moved = useFlowStore((state) => state.paneDragging);
  const taken = useRef(false);
  const room = useRef(0);
  if (moved || selected !== null) taken.current = true;
  if (alone) room.current = width;
  const whole = room.current;

  const show = useCallback(
    (all: Box, least: number, ms: number) =>
      void setViewport(framing(all, width, height, least), { duration: motion(ms) }),
    [width, height, setViewport],
  );
  const reveal = useCallback(
    (name: string, ms = 200) => {
      const node = getNode(name);
      if (node === undefined || width === 0) return;
      const { x, y, zoom } = getViewport();
      const left = within(node.position.x * zoom + x, WIDTH * zoom, width);
      const top = within(node.position.y * zoom + y, HEIGHT * zoom, height);
      if (left !== 0 || top !== 0)
        void setViewport({ x: x + left, y: y + top, zoom }, { duration: motion(ms) });
    },
    [width, height, getNode, getViewport, setViewport],
  );

  useEffect(() => {
    if (whole > 0) onWantHeight(wantedHeight(box, whole));
  }, [box, whole, onWantHeight]);
  useLayoutEffect(() => {
    if (!taken.current && width > 0 && height > 0) show(box, FIRST_ZOOM, 0);
  }, [box, width, height, show]);
  useEffect(() => {
    if (selected === null) return;
    const { x, y, zoom } = getViewport();
    const all = boxOf(getNodes());
    const fits = all.width * zoom + 2 * MARGIN <= width;
    const left = fits ? within(all.x * zoom + x, all.width * zoom, width) : 0;
    if (left === 0) reveal(selected);
    else void setViewport({ x: x + left, y, zoom }, { duration: motion(200) });
  }, [selected, reveal, width, getNodes, getViewport, setViewport]);

  const fit = useCallback(() => {
    taken.current = false;
    show(boxOf(getNodes()), LEAST_ZOOM, 220);
  }, [show, getNodes]);
  return { fit, reveal };
}

/** How far to shift what starts at `start` and is `size` long so that it lies within `room`. */
function within(start: number, size: number, room: number): number {
  if (start < MARGIN) return MARGIN - start;
  const over = start + size + MARGIN - room;
  return over > 0 ? -over : 0;
}

/** That long, or at once for those who asked for less motion. */
export function motion(ms: number): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms;
}
