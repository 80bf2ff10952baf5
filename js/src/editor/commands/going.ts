/** What leads from the flow to the notebook around it. */
import type { Command } from "../commands";
import type { Editor } from "../editor";
import { oneNode } from "./editing";

export const GOING: readonly Command[] = [
  {
    name: "go-to-cell",
    group: "flow",
    label: (editor) => `Go to the cell of ${editor.selected()[0]?.name ?? "a node"}`,
    keys: ["Mod+Enter"],
    disabled: (editor) => whyNot(editor) || oneNode(editor) || withoutCell(editor),
    run: (editor) => {
      const [node] = editor.selected();
      if (node !== undefined) goToCell(editor, node.name);
    },
  },
];

/** Put the cursor into the cell of a node, where there is a notebook around. */
export function goToCell(editor: Editor, name: string): void {
  const cell = editor.node(name)?.cell ?? null;
  if (cell !== null) for (const go of editor.goToCell) go(cell, name);
}

function whyNot(editor: Editor): string {
  return editor.goToCell.size > 0 ? "" : "no notebook is around it that could show the cell";
}

function withoutCell(editor: Editor): string {
  return editor.selected()[0]?.cell == null ? "it has no cell of its own" : "";
}
