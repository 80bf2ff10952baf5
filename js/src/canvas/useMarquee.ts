/** Shift and a drag over the canvas select what the rectangle touches. */
import { useReactFlow } from "@xyflow/react";
import { type RefObject, useCallback, useState } from "react";
import { choose } from "../editor/commands/selecting";
import type { Editor } from "../editor/editor";
import { geometry } from "../editor/geometry";
import type { Point } from "../model/layout";
import type { Rect } from "../model/nesting";
import { isGround } from "./at";

export interface Marquee {
  /** From the corner of the canvas; null while there is none. */
  readonly marquee: Rect | null;
  readonly press: (event: PointerEvent) => boolean;
}

export function useMarquee(editor: Editor, surface: RefObject<HTMLElement | null>): Marquee {
  const { screenToFlowPosition } = useReactFlow();
  const [marquee, setMarquee] = useState<Rect | null>(null);
  const press = useCallback(
    (event: PointerEvent) => {
      const root = surface.current;
      if (event.button !== 0 || !event.shiftKey || root === null || !isGround(event.target))
        return false;
      const began = { x: event.clientX, y: event.clientY };
      const before = event.ctrlKey || event.metaKey ? editor.state.nodes : new Set<string>();
      let chosen: ReadonlySet<string> = before;
      const move = ({ clientX: x, clientY: y }: PointerEvent) => {
        const corner = root.getBoundingClientRect();
        const rect = between(began, { x, y });
        setMarquee({ ...rect, x: rect.x - corner.x, y: rect.y - corner.y });
        const inFlow = between(screenToFlowPosition(began), screenToFlowPosition({ x, y }));
        chosen = new Set([...before, ...touched(geometry(editor), inFlow)]);
        editor.select(chosen);
      };
      const end = () => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", end);
        window.removeEventListener("pointercancel", end);
        setMarquee(null);
        choose(editor, chosen);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", end);
      window.addEventListener("pointercancel", end);
      return true;
    },
    [editor, surface, screenToFlowPosition],
  );
  return { marquee, press };
}

export function between(one: Point, other: Point): Rect {
  return {
    x: Math.min(one.x, other.x),
    y: Math.min(one.y, other.y),
    width: Math.abs(one.x - other.x),
    height: Math.abs(one.y - other.y),
  };
}

interface Places {
  readonly places: ReadonlyMap<string, Rect>;
  readonly boxes: ReadonlyMap<string, { readonly by: Point; readonly folded: boolean }>;
  readonly nest: { contains(name: string): boolean };
}

/** Nodes the rectangle touches; open containers only when it has all of them. */
export function touched({ places, boxes, nest }: Places, rect: Rect): string[] {
  const found: string[] = [];
  for (const [name, at] of places) {
    const open = nest.contains(name) && boxes.get(name)?.folded === false;
    const touches =
      at.x < rect.x + rect.width &&
      at.x + at.width > rect.x &&
      at.y < rect.y + rect.height &&
      at.y + at.height > rect.y;
    const all =
      at.x >= rect.x &&
      at.y >= rect.y &&
      at.x + at.width <= rect.x + rect.width &&
      at.y + at.height <= rect.y + rect.height;
    if (open ? all : touches) found.push(name);
  }
  return found;
}
