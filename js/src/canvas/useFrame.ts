import { useStore as useFlowStore, useReactFlow, type Viewport } from "@xyflow/react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { Rect } from "../model/nesting";
import { type Box, boxOf, FIRST_ZOOM, framing, LEAST_ZOOM, wantedHeight } from "./frame";

const MARGIN = 24;

export interface Frame {
  /** Show all of the flow, now and when the room changes. */
  readonly fit: () => void;
  /** Bring one node into view, moving as little as possible. */
  readonly reveal: (node: string, ms?: number) => void;
  /** Show this much of the flow as large as it can be, at most at its own size. */
  readonly show: (rect: Rect) => void;
}

interface FrameOptions {
  readonly box: Box;
  readonly selected: string | null;
  /** Nothing is open beside the canvas. */
  readonly alone: boolean;
  /** Something was selected, or taken hold of: the view is the user's. */
  readonly touched: boolean;
  /** Where one had looked before. */
  readonly viewport: Viewport | null;
  readonly onWantHeight: (height: number) => void;
}

/**
 * Frames the flow while the host still settles its size, until the user takes over; later changes
 * of size (a panel opens) only bring the flow, or else the selected node, back into view.
 */
export function useFrame(options: FrameOptions): Frame {
  const { box, selected, alone, touched, viewport, onWantHeight } = options;
  const { getInternalNode, getNodes, getViewport, setViewport } = useReactFlow();
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  const moved = useFlowStore((state) => state.paneDragging);
  const taken = useRef(viewport !== null);
  const before = useRef(viewport);
  const room = useRef(0);
  if (moved || touched || selected !== null) taken.current = true;
  if (alone) room.current = width;
  const whole = room.current;

  const look = useCallback(
    (all: Box, least: number, ms: number) =>
      void setViewport(framing(all, width, height, least), { duration: motion(ms) }),
    [width, height, setViewport],
  );
  const reveal = useCallback(
    (name: string, ms = 200) => {
      const node = getInternalNode(name);
      if (node === undefined || width === 0) return;
      const { x, y, zoom } = getViewport();
      const at = node.internals.positionAbsolute;
      const left = within(at.x * zoom + x, (node.width ?? 0) * zoom, width);
      const top = within(at.y * zoom + y, (node.height ?? 0) * zoom, height);
      if (left !== 0 || top !== 0)
        void setViewport({ x: x + left, y: y + top, zoom }, { duration: motion(ms) });
    },
    [width, height, getInternalNode, getViewport, setViewport],
  );

  useEffect(() => {
    if (whole > 0) onWantHeight(wantedHeight(box, whole));
  }, [box, whole, onWantHeight]);
  useLayoutEffect(() => {
    if (before.current !== null) void setViewport(before.current);
    before.current = null;
    if (!taken.current && width > 0 && height > 0) look(box, FIRST_ZOOM, 0);
  }, [box, width, height, look, setViewport]);
  useEffect(() => {
    if (selected === null) return;
    const { x, y, zoom } = getViewport();
    const all = boxOf(outermost(getNodes()));
    const fits = all.width * zoom + 2 * MARGIN <= width;
    const left = fits ? within(all.x * zoom + x, all.width * zoom, width) : 0;
    if (left === 0) reveal(selected);
    else void setViewport({ x: x + left, y, zoom }, { duration: motion(200) });
  }, [selected, reveal, width, getNodes, getViewport, setViewport]);

  const fit = useCallback(() => {
    taken.current = false;
    look(boxOf(outermost(getNodes())), LEAST_ZOOM, 220);
  }, [look, getNodes]);
  const show = useCallback(
    (rect: Rect) => {
      taken.current = true;
      look({ ...rect, begin: rect.y + rect.height / 2 }, LEAST_ZOOM, 220);
    },
    [look],
  );
  return useMemo(() => ({ fit, reveal, show }), [fit, reveal, show]);
}

function outermost<T extends { readonly parentId?: string }>(nodes: readonly T[]): T[] {
  return nodes.filter((node) => node.parentId === undefined);
}

/** How far to shift what starts at `start` and is `size` long so that it lies within `room`. */
function within(start: number, size: number, room: number): number {
  if (start < MARGIN) return MARGIN - start;
  const over = start + size + MARGIN - room;
  return over > 0 ? Math.max(-over, MARGIN - start) : 0;
}

/** That long, or at once for those who asked for less motion. */
export function motion(ms: number): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms;
}
