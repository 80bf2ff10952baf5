import { useStoreApi } from "@xyflow/react";
import { useState } from "react";

/**
 * Keeps React Flow from measuring nodes that say how large they are and where their ports are.
 *
 * It would measure every node that comes into view while the view moves, have the browser lay the
 * page out in the midst of a frame for it, and draw their edges again. To be called before `ReactFlow`
 * is rendered, which asks its store once for how to measure.
 */
export function useDeclaredSizes(): void {
  const store = useStoreApi();
  useState(() => {
    const { updateNodeInternals } = store.getState();
    store.setState({
      updateNodeInternals: (updates, options) => {
        const { nodeLookup } = store.getState();
        const declared = (id: string) => {
          const node = nodeLookup.get(id);
          return node?.width !== undefined && node.internals.handleBounds !== undefined;
        };
        const unknown = new Map([...updates].filter(([id]) => !declared(id)));
        if (unknown.size > 0) updateNodeInternals(unknown, options);
      },
    });
  });
}
