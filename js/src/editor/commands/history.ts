/** Undo and redo, with what they would undo in their names. */
import type { Command } from "../commands";

export const HISTORY: readonly Command[] = [
  {
    name: "undo",
    group: "edit",
    label: (editor) => (editor.flow?.undo ? `Undo ${lower(editor.flow.undo)}` : "Undo"),
    keys: ["Mod+z"],
    menu: ["pane"],
    disabled: (editor) => editor.locked,
    run: (editor) => editor.undo(),
  },
  {
    name: "redo",
    group: "edit",
    label: (editor) => (editor.flow?.redo ? `Redo ${lower(editor.flow.redo)}` : "Redo"),
    keys: ["Mod+Shift+z", "Mod+y"],
    menu: ["pane"],
    disabled: (editor) => editor.locked,
    run: (editor) => editor.redo(),
  },
];

function lower(label: string): string {
  return label.slice(0, 1).toLowerCase() + label.slice(1);
}
