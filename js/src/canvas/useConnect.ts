/**
 * Wires by hand: from an output to an input, or either end of a wire to somewhere else. What may
 * lead where is asked when the drag begins; what may not is dimmed, and says why.
 */
import { useReactFlow } from "@xyflow/react";
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { type Editor, edgeName } from "../editor/editor";
import { type Landing, landing, wired } from "../editor/wiring";
import type { Point } from "../model/layout";
import type { EdgeView, PortRef, Target } from "../protocol/generated";
import { inputAt, isGround, portAt } from "./at";
import type { HintView } from "./Hint";
import type { LinkView } from "./LinkLine";

/** Less than this is a click. */
const FAR = 4;

interface Held {
  /** The output it begins at; null while that end is in the hand. */
  readonly from: PortRef | null;
  readonly moved: EdgeView | null;
  /** The end that stays, in canvas units. */
  readonly fixed: Point;
  readonly began: Point;
}

export interface Connecting {
  readonly link: LinkView | null;
  readonly hint: HintView | null;
  /** True when this press begins a wire: nobody else may have it. */
  readonly press: (event: PointerEvent) => boolean;
}

export function useConnect(editor: Editor, surface: RefObject<HTMLElement | null>): Connecting {
  const { screenToFlowPosition } = useReactFlow();
  const [link, setLink] = useState<LinkView | null>(null);
  const [hint, setHint] = useState<HintView | null>(null);
  const stop = useRef<() => void>(() => {});
  useEffect(() => () => stop.current(), []);

  const hold = useCallback(
    (held: Held) => {
      const root = surface.current;
      if (root === null) return;
      const asked = new Map<string, readonly Target[]>();
      let targets: readonly Target[] | null = null;
      let moving = false;

      const ask = async (from: PortRef): Promise<readonly Target[] | null> => {
        const key = `${from.node}.${from.port}`;
        const known = asked.get(key);
        if (known !== undefined) return known;
        asked.set(key, []);
        const question = { type: "TARGETS", source: from.node, output: from.port } as const;
        const answer = await editor.ask<"TARGETS">(question);
        if (answer !== null) asked.set(key, answer.targets);
        return answer?.targets ?? null;
      };
      const look = (x: number, y: number): Landing => {
        if (held.from !== null) return landing(targets, inputAt(x, y), held.from);
        const port = portAt(document.elementFromPoint(x, y));
        if (port?.side !== "out" || held.moved === null) return landing(null, null, NO_PORT);
        const from = { node: port.node, port: port.port };
        void ask(from);
        const { target, input } = held.moved;
        const known = asked.get(`${from.node}.${from.port}`) ?? null;
        return landing(known?.length ? known : null, { node: target, input }, from);
      };
      const move = (event: PointerEvent) => {
        const { clientX: x, clientY: y } = event;
        moving ||= Math.hypot(x - held.began.x, y - held.began.y) > FAR;
        if (!moving) return;
        const found = look(x, y);
        const at = screenToFlowPosition({ x, y });
        const [start, end] = held.from === null ? [at, held.fixed] : [held.fixed, at];
        setLink({ start, end, ok: found.ok });
        const corner = root.getBoundingClientRect();
        setHint({ x: x - corner.x, y: y - corner.y, text: found.hint, ok: found.ok });
      };
      const drop = async (event: PointerEvent) => {
        end();
        if (!moving) return;
        const { clientX: x, clientY: y } = event;
        const below = document.elementFromPoint(x, y);
        if (held.from !== null) {
          targets ??= await ask(held.from);
          const over = inputAt(x, y);
          const found = landing(targets, over, held.from);
          if (found.ok && found.target !== null)
            await editor.edit(
              wired(held.from, found.target, editor.node(found.target.node), held.moved),
            );
          else if (found.hint !== "" && !isGround(below)) editor.say(found.hint);
          else if (root.contains(below) && held.moved === null)
            editor.change({
              dialog: { kind: "add", at: screenToFlowPosition({ x, y }), after: held.from },
            });
          return;
        }
        const port = portAt(below);
        if (port?.side !== "out" || held.moved === null) return;
        const { target, input } = held.moved;
        const from = { node: port.node, port: port.port };
        await editor.edit(wired(from, { node: target, input }, undefined, null));
      };
      const key = (event: KeyboardEvent) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        end();
        editor.say("No wire was made.");
      };
      const end = () => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", drop);
        window.removeEventListener("pointercancel", end);
        window.removeEventListener("keydown", key, true);
        setLink(null);
        setHint(null);
        unmark(root);
        stop.current = () => {};
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", drop);
      window.addEventListener("pointercancel", end);
      window.addEventListener("keydown", key, true);
      stop.current = end;
      if (held.from !== null)
        void ask(held.from).then((found) => {
          targets = found;
          if (found !== null && stop.current === end) mark(root, found, held.from as PortRef);
        });
    },
    [editor, surface, screenToFlowPosition],
  );

  const press = useCallback(
    (event: PointerEvent) => {
      if (event.button !== 0 || editor.locked !== "") return false;
      const began = { x: event.clientX, y: event.clientY };
      const port = portAt(event.target);
      if (port?.side === "out") {
        const fixed = screenToFlowPosition(centre(port.element));
        hold({ from: { node: port.node, port: port.port }, moved: null, fixed, began });
        return true;
      }
      const fed = port === null ? null : fedBy(editor, port.node, port.port);
      const begin = fed === null ? null : outputOf(surface.current, fed);
      if (fed !== null && begin !== null) {
        const fixed = screenToFlowPosition(centre(begin));
        hold({ from: { node: fed.source, port: fed.output }, moved: fed, fixed, began });
        return true;
      }
      const grip = event.target instanceof Element ? event.target.closest(".fb-edge-end") : null;
      const name = grip?.closest<SVGGElement>(".react-flow__edge")?.dataset.id;
      const edge = editor.flow?.edges.find((one) => edgeName(one) === name);
      if (!(grip instanceof SVGElement) || edge === undefined) return false;
      const other = { x: Number(grip.dataset.x), y: Number(grip.dataset.y) };
      const from = grip.dataset.end === "target" ? { node: edge.source, port: edge.output } : null;
      hold({ from, moved: edge, fixed: other, began });
      return true;
    },
    [editor, surface, hold, screenToFlowPosition],
  );
  return { link, hint, press };
}

const NO_PORT: PortRef = { node: "", port: "" };

function fedBy(editor: Editor, node: string, input: string): EdgeView | null {
  return editor.flow?.edges.find((one) => one.target === node && one.input === input) ?? null;
}

function outputOf(root: HTMLElement | null, { source, output }: EdgeView): HTMLElement | null {
  const [node, port] = [CSS.escape(source), CSS.escape(output)];
  const wanted = `.fb-port[data-side="out"][data-nodeid="${node}"][data-handleid="${port}"]`;
  return root?.querySelector<HTMLElement>(wanted) ?? null;
}

function centre(element: HTMLElement): Point {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}

/** Inputs that may be had stand out; nodes that have none are dimmed. */
function mark(root: HTMLElement, targets: readonly Target[], from: PortRef): void {
  root.dataset.linking = "";
  const may = new Set<string>();
  const inputs = new Set<string>();
  for (const { node, input, refused } of targets) {
    if (refused !== "") continue;
    may.add(node);
    inputs.add(`${node}\n${input}`);
  }
  for (const node of root.querySelectorAll<HTMLElement>(".react-flow__node")) {
    const name = node.dataset.id ?? "";
    if (name !== from.node) node.dataset.takes = may.has(name) ? "yes" : "no";
  }
  for (const port of root.querySelectorAll<HTMLElement>('.fb-port[data-side="in"]')) {
    const { nodeid = "", handleid = "" } = port.dataset;
    port.dataset.takes = inputs.has(`${nodeid}\n${handleid}`) ? "yes" : "no";
  }
}

function unmark(root: HTMLElement): void {
  delete root.dataset.linking;
  for (const one of root.querySelectorAll<HTMLElement>("[data-takes]")) delete one.dataset.takes;
}
