/** What makes versions of a flow, and what others can look at without it. */
import type { Command } from "../commands";
import type { Editor } from "../editor";

export const SHARING: readonly Command[] = [
  {
    name: "versions",
    group: "flow",
    label: () => "Versions and publishing…",
    keys: ["Mod+Shift+v"],
    disabled: noFlow,
    run: (editor) => editor.change({ dialog: { kind: "versions" } }),
  },
  {
    name: "export",
    group: "flow",
    label: () => "Export or print…",
    keys: ["Mod+Shift+e"],
    disabled: noFlow,
    run: (editor) => editor.change({ dialog: { kind: "export" } }),
  },
];

function noFlow(editor: Editor): string {
  return editor.flow?.nodes.length ? "" : "there is no node yet";
}
