import { useCallback, useSyncExternalStore } from "react";
import type { CanvasState } from "../model/state";
import type { Store } from "../model/store";

/** Part of the state, kept current; `select` must give the same object while nothing changed. */
export function useStore<T>(store: Store, select: (state: CanvasState) => T): T {
  const read = useCallback(() => select(store.state), [store, select]);
  return useSyncExternalStore(store.subscribe, read);
}

export const selectFlow = (state: CanvasState) => state.flow;
export const selectRun = (state: CanvasState) => state.run;
export const selectMoment = (state: CanvasState) => state.moment;
export const selectQueued = (state: CanvasState) => state.queued;
export const selectDetails = (state: CanvasState) => state.details;
export const selectRefused = (state: CanvasState) => state.refused;
export const selectConnection = (state: CanvasState) => state.connection;
export const selectStreams = (state: CanvasState) => state.streams;
export const selectProgress = (state: CanvasState) => state.progress;
