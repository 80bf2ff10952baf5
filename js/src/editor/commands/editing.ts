/** What changes the flow from the selection. */
import type { EdgeView } from "../../protocol/generated";
import { CLIP } from "../clipboard";
import type { Command } from "../commands";
import { type Editor, edgeName } from "../editor";
import { nearestTo } from "../geometry";

export const EDITING: readonly Command[] = [
  {
    name: "rename",
    group: "edit",
    label: (editor) => `Rename ${what(editor)}`,
    keys: ["F2"],
    menu: ["node"],
    disabled: (editor) => editor.locked || oneNode(editor),
    run: (editor) => {
      const [node] = editor.selected();
      if (node === undefined) return;
      editor.surface.near(node.name);
      editor.change({ dialog: { kind: "rename", node: node.name } });
    },
  },
  {
    name: "connect",
    group: "edit",
    label: (editor) => `Connect ${what(editor)} to …`,
    keys: ["l"],
    menu: ["node"],
    disabled: (editor) => editor.locked || oneNode(editor) || noOutput(editor),
    run: (editor) => {
      const [node] = editor.selected();
      if (node !== undefined) editor.change({ dialog: { kind: "connect", node: node.name } });
    },
  },
  {
    name: "duplicate",
    group: "edit",
    label: (editor) => `Duplicate ${what(editor)}`,
    keys: ["Mod+d"],
    menu: ["node", "nodes"],
    disabled: (editor) => editor.locked || noNode(editor),
    run: async (editor) => {
      const done = await editor.do({ type: "DUPLICATE", nodes: names(editor) });
      if (done !== null) arrived(editor, done.nodes);
    },
  },
  {
    name: "copy",
    group: "edit",
    label: (editor) => `Copy ${what(editor)}`,
    keys: ["Mod+c"],
    native: true,
    menu: ["node", "nodes"],
    disabled: noNode,
    run: (editor) => copy(editor),
  },
  {
    name: "cut",
    group: "edit",
    label: (editor) => `Cut ${what(editor)}`,
    keys: ["Mod+x"],
    native: true,
    menu: ["node", "nodes"],
    disabled: (editor) => editor.locked || noNode(editor),
    run: async (editor) => {
      if (await copy(editor)) await remove(editor, false);
    },
  },
  {
    name: "paste",
    group: "edit",
    label: () => "Paste",
    keys: ["Mod+v"],
    native: true,
    menu: ["pane"],
    disabled: (editor) => editor.locked,
    run: async (editor) => paste(editor, await CLIP.read()),
  },
  {
    name: "remove",
    group: "edit",
    label: (editor) => `Delete ${what(editor)}`,
    keys: ["Delete", "Backspace"],
    menu: ["node", "nodes", "edge"],
    disabled: (editor) => editor.locked || nothing(editor),
    run: (editor) => remove(editor, false),
  },
  {
    name: "remove-healing",
    group: "edit",
    label: (editor) => `Delete ${what(editor)} and join what it was between`,
    keys: ["Shift+Delete", "Shift+Backspace"],
    menu: ["node", "nodes"],
    disabled: (editor) => editor.locked || noNode(editor),
    run: (editor) => remove(editor, true),
  },
];

/** New nodes are there: they are selected, and the first has the focus. */
export function arrived(editor: Editor, nodes: readonly string[]): void {
  if (nodes.length === 0) return;
  editor.select(nodes);
  editor.surface.focus(nodes[0] ?? null);
}

/** Copy what is selected; false when that was refused. */
export async function copy(editor: Editor): Promise<boolean> {
  const nodes = names(editor);
  const clip = await editor.ask<"CLIP">({ type: "COPY", nodes });
  if (clip === null) return false;
  await CLIP.put(clip.text);
  editor.say(`Copied ${nodes.length === 1 ? nodes[0] : `${nodes.length} nodes`}`);
  return true;
}

export async function paste(editor: Editor, text: string): Promise<void> {
  if (text.trim() === "") {
    editor.say("There is nothing to paste.");
    return;
  }
  const done = await editor.do({ type: "PASTE", text, ...editor.surface.pointer() });
  if (done !== null) arrived(editor, done.nodes);
}

/** What is selected goes; the focus goes to what is nearest. */
export async function remove(editor: Editor, heal: boolean): Promise<void> {
  const nodes = names(editor);
  const edges = editor.selectedEdges();
  const next = nodes.length > 0 ? nearestTo(editor, new Set(nodes)) : (edges[0]?.target ?? null);
  const done = await editor.do({
    type: "REMOVE",
    nodes,
    edges: edges.map(({ target, input }) => ({ target, input })),
    ...(heal ? { heal } : {}),
  });
  if (done === null) return;
  editor.select(next === null ? [] : [next]);
  editor.surface.focus(next);
}

export function names(editor: Editor): string[] {
  return editor.selected().map((one) => one.name);
}

/** The wires of a node, those into it first: what a key goes through. */
export function wiresOf(editor: Editor, node: string): readonly EdgeView[] {
  const edges = editor.flow?.edges ?? [];
  return [
    ...edges.filter((edge) => edge.target === node),
    ...edges.filter((edge) => edge.source === node),
  ];
}

/** Select one wire and put the focus on it. */
export function goToWire(editor: Editor, edge: EdgeView): void {
  editor.select([], [edgeName(edge)]);
  editor.surface.focusEdge(edgeName(edge));
}

/** The selection in words. */
export function what(editor: Editor): string {
  const nodes = editor.selected();
  const edges = editor.selectedEdges().length;
  const words = [
    nodes.length === 1 ? (nodes[0]?.name ?? "") : nodes.length > 1 ? `${nodes.length} nodes` : "",
    edges === 1 ? "a wire" : edges > 1 ? `${edges} wires` : "",
  ].filter(Boolean);
  return words.join(" and ");
}

export function nothing(editor: Editor): string {
  return what(editor) === "" ? "nothing is selected" : "";
}

export function noNode(editor: Editor): string {
  return editor.selected().length === 0 ? "no node is selected" : "";
}

export function oneNode(editor: Editor): string {
  return editor.selected().length === 1 ? "" : "select one node";
}

function noOutput(editor: Editor): string {
  return editor.selected()[0]?.outputs.length === 0 ? "it has no output" : "";
}
