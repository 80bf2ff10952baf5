/** The commands that the page around the canvas has buttons for. */
import { useEffect, useState } from "react";
import { useEditor } from "./useEditor";

const NONE: ReadonlySet<string> = new Set();

export function useHosted(): ReadonlySet<string> {
  const { session } = useEditor();
  const [hosted, setHosted] = useState(NONE);
  useEffect(() => session.transport.onButtons?.(setHosted), [session]);
  return hosted;
}
