/** What commands are called and whether they can be done, kept current. */
import { useCallback, useMemo, useRef, useSyncExternalStore } from "react";
import type { CommandInfo } from "../protocol/handle";
import { useCommands } from "./useEditor";

/** All commands, or those of these names that there are, in that order. */
export function useCommandInfo(names?: readonly string[]): readonly CommandInfo[] {
  const commands = useCommands();
  const { editor } = commands;
  const last = useRef<readonly CommandInfo[]>([]);
  const read = useCallback(() => {
    const next = commands.list(names);
    if (!alike(next, last.current)) last.current = next;
    return last.current;
  }, [commands, names]);
  const subscribe = useMemo(
    () => (listener: () => void) => {
      const offs = [editor.subscribe(listener), editor.store.subscribe(listener)];
      return () => {
        for (const off of offs) off();
      };
    },
    [editor],
  );
  return useSyncExternalStore(subscribe, read);
}

function alike(one: readonly CommandInfo[], other: readonly CommandInfo[]): boolean {
  return (
    one.length === other.length &&
    one.every(
      ({ label, disabled }, i) => label === other[i]?.label && disabled === other[i]?.disabled,
    )
  );
}
