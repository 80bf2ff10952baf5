/** The time of the run, for whatever is drawn of it. */
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { useEditor } from "../view/useEditor";
import { deskOf, type PastDesk, type PastState } from "./desk";
import { paced } from "./model/pace";

export function useDesk(): PastDesk {
  return deskOf(useEditor());
}

/** Part of its state, kept current; `select` must give the same object while nothing changed. */
export function usePast<T>(select: (state: PastState) => T): T {
  const desk = useDesk();
  const read = useCallback(() => select(desk.state), [desk, select]);
  return useSyncExternalStore(desk.subscribe, read);
}

/** The same for what is costly to draw: while the time runs by, a few times a second. */
export function useCalmPast<T>(select: (state: PastState) => T, ms: number): T {
  const desk = useDesk();
  const [shown, show] = useState(() => select(desk.state));
  useEffect(() => {
    const pace = paced(() => show(() => select(desk.state)), ms);
    pace.hear();
    const leave = desk.subscribe(pace.hear);
    return () => {
      leave();
      pace.stop();
    };
  }, [desk, select, ms]);
  return shown;
}

export const selectPast = (state: PastState) => state;
