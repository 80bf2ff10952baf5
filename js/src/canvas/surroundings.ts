import { createContext, useContext } from "react";
import type { Aside, Asides } from "../model/overlay";
import { Store } from "../model/store";
import { Painter } from "./painter";

/** What every node and edge of one canvas needs to know. */
export interface Surroundings {
  readonly store: Store;
  readonly painter: Painter;
  /** True when zoomed out so far that text cannot be read: draw plain boxes. */
  readonly far: boolean;
  /** Nodes that stand out; null: all alike. */
  readonly found: ReadonlySet<string> | null;
  /** What an overlay says of nodes and edges. */
  readonly asides: Asides;
}

const nobody = new Store(queueMicrotask, () => 0);

export const SurroundingsContext = createContext<Surroundings>({
  store: nobody,
  painter: new Painter(nobody, queueMicrotask),
  far: false,
  found: null,
  asides: { nodes: new Map(), edges: new Map() },
});

export function useSurroundings(): Surroundings {
  return useContext(SurroundingsContext);
}

/** True for a node that others stand out from. */
export function useDimmed(node: string): true | undefined {
  const { found } = useSurroundings();
  return (found !== null && !found.has(node)) || undefined;
}

/** What an overlay says of a node. */
export function useAside(node: string): Aside | undefined {
  return useSurroundings().asides.nodes.get(node);
}
