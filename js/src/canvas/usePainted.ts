import { type RefObject, useLayoutEffect, useRef } from "react";
import type { NodeData } from "./graph";
import { useAside, useSurroundings } from "./surroundings";

/** The element of a card, over which the run is painted: nothing of it is drawn anew. */
export function usePainted<T extends HTMLElement>(data: NodeData, far: boolean): RefObject<T> {
  const { painter } = useSurroundings();
  const aside = useAside(data.node.name);
  const card = useRef<T>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `far` swaps the DOM that is painted
  useLayoutEffect(() => {
    const element = card.current;
    if (element === null) return;
    const { node, problems, stale } = data;
    return painter.card(element, { node, problems, stale, aside });
  }, [painter, data, far, aside]);
  return card;
}
