/** What of the flow is below the pointer, as the page has it. */
import type { Over } from "../editor/wiring";

export interface PortAt {
  readonly node: string;
  readonly port: string;
  readonly side: "in" | "out";
  readonly element: HTMLElement;
}

export function portAt(target: EventTarget | Element | null): PortAt | null {
  const element = target instanceof Element ? target.closest<HTMLElement>(".fb-port") : null;
  const node = element?.dataset.nodeid;
  const port = element?.dataset.handleid;
  if (!element || node === undefined || port === undefined) return null;
  return { node, port, side: element.dataset.side === "in" ? "in" : "out", element };
}

/** The node an element is part of; `body`: not what is inside of an open container. */
export function nodeAt(target: EventTarget | Element | null): string | null {
  if (!(target instanceof Element)) return null;
  return target.closest<HTMLElement>(".react-flow__node")?.dataset.id ?? null;
}

export function edgeAt(target: EventTarget | Element | null): string | null {
  if (!(target instanceof Element)) return null;
  return target.closest<SVGGElement>(".react-flow__edge")?.dataset.id ?? null;
}

/** True over the canvas itself, or over the ground of an open container. */
export function isGround(target: EventTarget | null): boolean {
  if (!(target instanceof Element) || target.closest(".react-flow__pane") === null) return false;
  if (target.closest(".react-flow__edge, .fb-port, .fb-box-title") !== null) return false;
  return target.closest(".react-flow__node:not(.react-flow__node-container)") === null;
}

export function inputAt(x: number, y: number): Over | null {
  const element = document.elementFromPoint(x, y);
  const port = portAt(element);
  if (port?.side === "in") return { node: port.node, input: port.port };
  const node = nodeAt(element);
  return node === null ? null : { node, input: null };
}

export function typing(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest("input, textarea, select, [contenteditable]") !== null
  );
}
