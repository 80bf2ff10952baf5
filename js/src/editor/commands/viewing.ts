/** What changes only how the flow is seen. */
import type { Command } from "../commands";
import type { Editor } from "../editor";

export const VIEWING: readonly Command[] = [
  {
    name: "select-all",
    group: "view",
    label: () => "Select all nodes",
    keys: ["Mod+a"],
    disabled: noNode,
    run: (editor) => editor.select(editor.flow?.nodes.map((one) => one.name) ?? []),
  },
  {
    name: "find",
    group: "view",
    label: () => "Find and filter…",
    keys: ["Mod+f", "/"],
    disabled: noNode,
    run: (editor) => editor.change({ dialog: { kind: "find" } }),
  },
  {
    name: "show-all",
    group: "view",
    label: () => "Clear search and filter",
    disabled: (editor) => (editor.state.found === null ? "nothing is filtered" : ""),
    run: (editor) => editor.change({ hits: null, chips: new Set() }),
  },
  {
    name: "outline",
    group: "view",
    label: (editor) => (editor.state.drawer === "outline" ? "Close outline" : "Outline"),
    keys: ["o"],
    disabled: noNode,
    run: (editor) =>
      editor.change({ drawer: editor.state.drawer === "outline" ? null : "outline" }),
  },
  {
    name: "problems",
    group: "view",
    label: (editor) => (editor.state.problems ? "Close problems" : `Problems${howMany(editor)}`),
    keys: ["Shift+p"],
    disabled: () => "",
    run: (editor) => editor.change({ problems: !editor.state.problems }),
  },
  {
    name: "commands",
    group: "view",
    label: () => "All commands…",
    keys: ["Mod+k"],
    disabled: () => "",
    run: (editor) => editor.change({ dialog: { kind: "commands" } }),
  },
  {
    name: "keys",
    group: "view",
    label: () => "Keys…",
    keys: ["?"],
    disabled: () => "",
    run: (editor) => editor.change({ dialog: { kind: "keys" } }),
  },
];

function noNode(editor: Editor): string {
  return editor.flow?.nodes.length ? "" : "there is no node";
}

function howMany(editor: Editor): string {
  const count = editor.flow?.problems.length ?? 0;
  return count === 0 ? "" : ` (${count})`;
}
