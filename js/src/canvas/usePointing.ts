/** What clicks and the focus do to the selection, and where the menu opens. */
import {
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
  useCallback,
  useEffect,
  useRef,
} from "react";
import { type Editor, edgeName } from "../editor/editor";
import { edgeAt, nodeAt, typing } from "./at";
import type { FlowEdge, FlowNode } from "./graph";
import { toggle } from "./usePanning";

/** Two clicks within this are one double click. */
const TWICE_MS = 260;

export interface Pointing {
  readonly onNodeClick: (event: MouseEvent, node: FlowNode) => void;
  readonly onEdgeClick: (event: MouseEvent, edge: FlowEdge) => void;
  readonly onPaneClick: (event: MouseEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
  /** Hears every key before anybody else. */
  readonly onKey: (event: KeyboardEvent) => void;
  readonly onContextMenu: (event: MouseEvent) => void;
}

export function usePointing(editor: Editor, onSelect: (node: string | null) => void): Pointing {
  const soon = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(soon.current), []);
  const onNodeClick = useCallback(
    (event: MouseEvent, node: FlowNode) => {
      clearTimeout(soon.current);
      if (adds(event)) return toggle(editor, node.id);
      editor.select([node.id]);
      if (event.detail > 1 || node.type === "note") return;
      const onName = (event.target as Element).closest(".fb-name") !== null;
      if (!onName || editor.state.open !== null) return onSelect(node.id);
      // What opens moves the view, and the second click of two would miss the name.
      soon.current = setTimeout(() => onSelect(node.id), TWICE_MS);
    },
    [editor, onSelect],
  );
  const onEdgeClick = useCallback(
    (event: MouseEvent, edge: FlowEdge) => {
      const meant = edge.data?.all.map(edgeName) ?? [edge.id];
      const { nodes, edges } = editor.state;
      if (adds(event)) {
        const next = new Set(edges);
        for (const one of meant) if (!next.delete(one)) next.add(one);
        editor.select(nodes, next);
      } else editor.select([], meant);
      editor.surface.focusEdge(edge.id);
    },
    [editor],
  );
  const onPaneClick = useCallback(
    (event: MouseEvent) => {
      if (!adds(event)) onSelect(null);
    },
    [onSelect],
  );
  /** With Ctrl the focus goes without the selection. */
  const alone = useRef(false);
  const onKey = useCallback((event: KeyboardEvent) => {
    alone.current = event.ctrlKey || event.metaKey;
  }, []);
  /** The selection follows the focus of the keyboard, unless several are selected. */
  const onFocus = useCallback(
    (event: FocusEvent) => {
      const target = event.target as HTMLElement;
      if (alone.current) return;
      if (!target.matches(".react-flow__node:focus-visible")) return;
      const node = nodeAt(target);
      const { nodes } = editor.state;
      if (node !== null && nodes.size < 2 && !nodes.has(node)) editor.select([node]);
    },
    [editor],
  );
  const onContextMenu = useCallback(
    (event: MouseEvent) => {
      if (typing(event.target)) return;
      event.preventDefault();
      event.stopPropagation();
      const node = nodeAt(event.target);
      const edge = edgeAt(event.target);
      const { nodes, edges } = editor.state;
      if (node !== null && !nodes.has(node)) editor.select([node]);
      else if (edge !== null && !edges.has(edge)) editor.select([], [edge]);
      else if (node === null && edge === null) editor.select([]);
      const { clientX: x, clientY: y } = event;
      editor.change({ dialog: { kind: "menu", x, y } });
    },
    [editor],
  );
  return { onNodeClick, onEdgeClick, onPaneClick, onFocus, onKey, onContextMenu };
}

function adds(event: MouseEvent): boolean {
  return event.shiftKey || event.ctrlKey || event.metaKey;
}
