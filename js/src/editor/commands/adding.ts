/** What puts new nodes into the flow. */
import { whereNext } from "../adding";
import type { Command } from "../commands";

export const ADDING: readonly Command[] = [
  {
    name: "add",
    group: "add",
    label: () => "Add node…",
    keys: ["a"],
    menu: ["node", "edge", "pane"],
    disabled: (editor) => editor.locked,
    run: (editor) => {
      const { at = null, on, after } = whereNext(editor);
      editor.change({
        dialog: { kind: "add", at, ...(on ? { on } : {}), ...(after ? { after } : {}) },
      });
    },
  },
  {
    name: "palette",
    group: "add",
    label: (editor) => (editor.state.drawer === "palette" ? "Close node palette" : "Node palette"),
    keys: ["Shift+a"],
    disabled: () => "",
    run: (editor) =>
      editor.change({ drawer: editor.state.drawer === "palette" ? null : "palette" }),
  },
];
