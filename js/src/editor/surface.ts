/** What commands ask of the canvas that is in front of the user: the seam to what knows the page. */
import type { EdgeRef, Place } from "../protocol/generated";

/** Where a new node goes: its corner in the flow, the edge it is put into, the container around it. */
export interface Landing {
  readonly x?: number;
  readonly y?: number;
  readonly on?: EdgeRef;
  readonly inside?: string;
}

export interface Surface {
  /** Show all of the flow. */
  fit(): void;
  /** Closer (more than 1) or farther. */
  zoom(times: number): void;
  /** Show these nodes as large as they can be. */
  show(nodes: readonly string[]): void;
  /** Bring a node into view, and close enough to be read. */
  near(node: string): void;
  /** Put the focus on a node as soon as it is there; null: on the canvas. */
  focus(node: string | null): void;
  /** Put the focus on an edge, as `edgeName` has it. */
  focusEdge(edge: string): void;
  /** Where the pointer is over the flow, else the middle of what is in view. */
  pointer(): Place;
  /** What it means to drop something new at a place on the page. */
  landing(at: Place): Landing;
  /** Where on the page a menu about what has the focus belongs. */
  spot(): Place;
}

const nothing = () => {};

export const NOWHERE: Surface = {
  fit: nothing,
  zoom: nothing,
  show: nothing,
  near: nothing,
  focus: nothing,
  focusEdge: nothing,
  pointer: () => ({ x: 0, y: 0 }),
  landing: () => ({}),
  spot: () => ({ x: 0, y: 0 }),
};
