/** The time of the run, for whatever is drawn of it. */
import { useCallback, useSyncExternalStore } from "react";
import { useEditor } from "../view/useEditor";
import { deskOf, type PastDesk, type PastState } from "./desk";

export function useDesk(): PastDesk {
  return deskOf(useEditor());
}

/** Part of its state, kept current; `select` must give the same object while nothing changed. */
export function usePast<T>(select: (state: PastState) => T): T {
  const desk = useDesk();
  const read = useCallback(() => select(desk.state), [desk, select]);
  return useSyncExternalStore(desk.subscribe, read);
}

export const selectPast = (state: PastState) => state;
