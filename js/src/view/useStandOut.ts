import { useEffect } from "react";
import { standOut } from "../model/sieve";
import { useEditor } from "./useEditor";

/** Keep `found` in step with what is looked for, what is filtered, and how the run stands. */
export function useStandOut(): void {
  const editor = useEditor();
  useEffect(() => {
    const look = () => {
      const { chips, hits, found, kinds } = editor.state;
      const next = standOut(editor.store.state, chips, hits, kinds ?? []);
      if (!alike(next, found)) editor.change({ found: next });
    };
    const offs = [editor.subscribe(look), editor.store.subscribe(look)];
    return () => {
      for (const off of offs) off();
    };
  }, [editor]);
}

function alike(one: ReadonlySet<string> | null, other: ReadonlySet<string> | null): boolean {
  if (one === null || other === null) return one === other;
  return one.size === other.size && [...one].every((name) => other.has(name));
}
