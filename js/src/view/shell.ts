/** What the parts of one view ask of the whole: to open a node's details, wherever it was pointed at. */
import { createContext, useContext } from "react";

export interface Shell {
  /** Select a node, open its details and put the focus there. */
  open(node: string): void;
  /** Close the details; the focus goes back to the node. */
  close(): void;
}

export const ShellContext = createContext<Shell>({ open: () => {}, close: () => {} });

export function useShell(): Shell {
  return useContext(ShellContext);
}
