import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useCallback, useEffect, useRef } from "react";
import { goToWire, wiresOf } from "../editor/commands/editing";
import { type Editor, edgeName } from "../editor/editor";
import { geometry } from "../editor/geometry";
import { settled } from "../model/nesting";
import { edgeAt, nodeAt, typing } from "./at";
import { GRID } from "./snapping";
import { type Direction, direction, nearest, step } from "./steering";
import { movesOf } from "./useDrag";
import type { Frame } from "./useFrame";
import type { Nodes } from "./useNodes";

const PAN = 60;
/** Steps that follow each other faster are one move, and one step of undo. */
const SETTLE_MS = 500;

/** Read to those who cannot see the canvas when a node gets the focus. */
export const KEYS_HELP =
  "Arrow keys go to the nearest node, Home and End to the first and last, w to its wires. " +
  "Shift and an arrow key move what is selected, l connects, Delete deletes. " +
  "Enter opens its details, Shift F10 its menu, Escape lets go.";

interface KeyOptions {
  readonly editor: Editor;
  readonly nodes: Nodes;
  readonly frame: Frame;
  readonly onSelect: (node: string | null) => void;
  readonly onOpen: (node: string) => void;
}

/** Keys of the canvas itself, taken in the capture phase: React Flow would move nodes. */
export function useKeys(options: KeyOptions): (event: KeyboardEvent) => void {
  const { editor, nodes, frame, onSelect, onOpen } = options;
  const { getViewport, setViewport } = useReactFlow();
  const nudge = useNudge(editor, nodes);

  const go = useCallback(
    (node: string | null | undefined, chosen: boolean) => {
      if (!node) return;
      frame.reveal(node, 0);
      if (chosen) {
        if (editor.state.open !== null) onSelect(node);
        else editor.select([node]);
      }
      editor.surface.focus(node);
    },
    [editor, frame, onSelect],
  );
  const arrow = (towards: Direction, event: KeyboardEvent, from: string | null) => {
    if (event.shiftKey && from !== null) return nudge(from, towards);
    if (from === null) {
      const { x, y, zoom } = getViewport();
      const by = step(towards, -PAN);
      return void setViewport({ x: x + by.x, y: y + by.y, zoom });
    }
    go(nextTo(editor, from, towards), !event.ctrlKey && !event.metaKey);
  };

  return (event) => {
    const wire = edgeAt(event.target);
    const node = nodeAt(event.target);
    const towards = direction(event.key);
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (typing(event.target) || (modified && (towards === null || event.altKey))) return;
    if (wire !== null && !modified) {
      if (!onWire(editor, wire, event, (next) => go(next, true))) return;
    } else if (event.key === "Enter" && isNode(event.target, node)) onOpen(node as string);
    else if (event.key === "Escape") {
      if (editor.state.nodes.size < 2) return onSelect(null);
      if (node !== null) editor.select([node]);
      editor.say("Selection cleared");
    } else if (event.key === "Home" || event.key === "End")
      go(nodes.now.current.at(event.key === "Home" ? 0 : -1)?.id, true);
    else if (towards !== null) arrow(towards, event, node);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

/** Keys of a wire that has the focus; false for those that are none. */
function onWire(
  editor: Editor,
  name: string,
  event: KeyboardEvent,
  go: (node: string) => void,
): boolean {
  const edge = editor.flow?.edges.find((one) => edgeName(one) === name);
  if (edge === undefined) return false;
  const back = editor.state.nodes.size === 1 ? [...editor.state.nodes][0] : undefined;
  if (event.key === "ArrowLeft") go(edge.source);
  else if (event.key === "ArrowRight") go(edge.target);
  else if (event.key === "Escape") go(back ?? edge.target);
  else if (event.key.toLowerCase() === "w") {
    const wires = wiresOf(editor, edge.target);
    const at = wires.findIndex((one) => edgeName(one) === name);
    const next = wires.at((at + (event.shiftKey ? -1 : 1)) % wires.length);
    if (next !== undefined) goToWire(editor, next);
  } else return false;
  return true;
}

/** The nearest node that way among those in the same container, else that container itself. */
function nextTo(editor: Editor, from: string, towards: Direction): string | null {
  const { nest, places, boxes } = geometry(editor);
  const rects = (names: readonly string[]) =>
    names.flatMap((id) => {
      const at = places.get(id);
      return at === undefined
        ? []
        : [{ id, position: { x: at.x + at.width / 2, y: at.y + at.height / 2 } }];
    });
  const here = rects([from])[0];
  if (here === undefined) return null;
  const home = nest.home(from);
  const beside = nearest(rects(nest.members(home).map((one) => one.name)), here, towards);
  if (beside !== null) return beside.id;
  const into = nest.members(from).map((one) => one.name);
  if (towards === "ArrowDown" && into.length > 0 && boxes.get(from)?.folded === false)
    return into[0] ?? null;
  return home;
}

function isNode(target: EventTarget, node: string | null): boolean {
  return (
    node !== null && target instanceof HTMLElement && target.classList.contains("react-flow__node")
  );
}

/** Move what is selected by a step, or only the node where it is not selected. */
function useNudge(editor: Editor, { now, setNodes }: Nodes) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (from: string, towards: Direction) => {
      if (editor.locked !== "") return editor.say(`Move: ${editor.locked}`);
      const { nest } = geometry(editor);
      const chosen = editor.state.nodes.has(from) ? editor.state.nodes : new Set([from]);
      const names = new Set(
        [...chosen].filter((name) => !nest.around(name).some((one) => chosen.has(one))),
      );
      const by = step(towards, GRID);
      now.current = now.current.map((node) => {
        if (!names.has(node.id)) return node;
        const { x, y } = node.position;
        return { ...node, position: { x: x + by.x, y: y + by.y } };
      });
      setNodes(now.current);
      clearTimeout(timer.current);
      timer.current = setTimeout(
        () => editor.move(settled(geometry(editor).nest, movesOf(now.current, names))),
        SETTLE_MS,
      );
    },
    [editor, now, setNodes],
  );
}
