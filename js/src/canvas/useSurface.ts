/** This canvas as commands know it. */
import { useReactFlow } from "@xyflow/react";
import { type MutableRefObject, type RefObject, useEffect, useRef } from "react";
import type { Editor } from "../editor/editor";
import { geometry } from "../editor/geometry";
import { NOWHERE } from "../editor/surface";
import type { Point } from "../model/layout";
import { around } from "../model/nesting";
import { landing } from "./landing";
import { type Frame, motion } from "./useFrame";

/** Frames to wait for what is drawn only once it is there and in view. */
const PATIENCE = 90;
const READABLE = 0.5;

export function useSurface(
  editor: Editor,
  surface: RefObject<HTMLElement | null>,
  frame: Frame,
): MutableRefObject<Point | null> {
  const { screenToFlowPosition, zoomTo, getZoom } = useReactFlow();
  const pointer = useRef<Point | null>(null);
  useEffect(() => {
    const middle = (): Point => {
      const rect = surface.current?.getBoundingClientRect();
      if (rect === undefined) return { x: 0, y: 0 };
      return { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
    };
    const put = (selector: string, name: string | null) =>
      focusWhenThere(surface.current, selector, () => name !== null && frame.reveal(name, 0));
    const show = (names: readonly string[]) => {
      const { places } = geometry(editor);
      const rects = names.flatMap((name) => places.get(name) ?? []);
      if (rects.length > 0) frame.show(around(rects));
    };
    editor.surface = {
      fit: frame.fit,
      zoom: (times) => void zoomTo(getZoom() * times, { duration: motion(150) }),
      show,
      near: (node) => (getZoom() < READABLE ? show([node]) : frame.reveal(node, 0)),
      focus: (node) =>
        put(
          node === null
            ? ".react-flow__node, .react-flow__pane"
            : `.react-flow__node[data-id="${CSS.escape(node)}"]`,
          node,
        ),
      focusEdge: (edge) => put(`.react-flow__edge[data-id="${CSS.escape(edge)}"]`, null),
      pointer: () => {
        const { x, y } = screenToFlowPosition(pointer.current ?? middle());
        return { x: Math.round(x), y: Math.round(y) };
      },
      landing: ({ x, y }) =>
        landing(editor, screenToFlowPosition({ x, y }), document.elementsFromPoint(x, y)),
      spot: () => {
        const focused = surface.current?.querySelector(":focus");
        const rect = focused?.getBoundingClientRect();
        return rect === undefined ? middle() : { x: rect.x + rect.width / 2, y: rect.bottom };
      },
    };
    editor.centre = () => (surface.current === null ? null : screenToFlowPosition(middle()));
    return () => {
      editor.centre = () => null;
      editor.surface = NOWHERE;
    };
  }, [editor, surface, frame, screenToFlowPosition, zoomTo, getZoom]);
  return pointer;
}

function focusWhenThere(
  root: HTMLElement | null,
  selector: string,
  reveal: () => void,
  patience = PATIENCE,
): void {
  const found = root?.querySelector<HTMLElement | SVGElement>(selector);
  reveal();
  if (found) found.focus({ preventScroll: true });
  else if (patience > 0)
    requestAnimationFrame(() => focusWhenThere(root, selector, reveal, patience - 1));
}
