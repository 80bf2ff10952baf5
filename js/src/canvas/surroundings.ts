import { createContext, useContext } from "react";
import { Store } from "../model/store";

/** What every node and edge of one canvas needs to know. */
export interface Surroundings {
  readonly store: Store;
  /** True when zoomed out so far that text cannot be read: draw plain boxes. */
  readonly far: boolean;
}

export const SurroundingsContext = createContext<Surroundings>({
  store: new Store(queueMicrotask, () => 0),
  far: false,
});

export function useSurroundings(): Surroundings {
  return useContext(SurroundingsContext);
}
