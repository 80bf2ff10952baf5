import { useCallback, useSyncExternalStore } from "react";
import type { Launch, LaunchState } from "../editor/launch";

/** What is typed and changed for the next run, kept current. */
export function useLaunch(launch: Launch): LaunchState {
  const read = useCallback(() => launch.state, [launch]);
  return useSyncExternalStore(launch.subscribe, read);
}
