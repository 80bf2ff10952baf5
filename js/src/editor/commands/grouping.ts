/** Containers: made of a selection, taken apart, opened and closed. */
import { isFolded } from "../../model/nesting";
import type { EditMessage, NodeView } from "../../protocol/generated";
import type { Command } from "../commands";
import type { Editor } from "../editor";
import { geometry } from "../geometry";
import { arrived, names, noNode, oneNode, what } from "./editing";

export const GROUPING: readonly Command[] = [
  {
    name: "group",
    group: "edit",
    label: (editor) => `Put ${what(editor)} into a group`,
    keys: ["Mod+g"],
    menu: ["nodes"],
    disabled: (editor) => editor.locked || noNode(editor),
    run: async (editor) => {
      const done = await editor.do({ type: "GROUP", nodes: names(editor) });
      if (done !== null) arrived(editor, done.nodes);
    },
  },
  {
    name: "ungroup",
    group: "edit",
    label: (editor) => `Take ${what(editor)} apart`,
    keys: ["Mod+Shift+g"],
    disabled: (editor) => editor.locked || oneContainer(editor),
    run: async (editor) => {
      const [node] = names(editor);
      if (node === undefined) return;
      const done = await editor.do({ type: "UNGROUP", node });
      if (done !== null) arrived(editor, done.nodes);
    },
  },
  {
    name: "take-out",
    group: "edit",
    label: (editor) => `Take ${what(editor)} out of ${homeOf(editor) ?? "its container"}`,
    keys: ["Shift+o"],
    disabled: (editor) =>
      editor.locked || noNode(editor) || (homeOf(editor) === null ? "it is in no container" : ""),
    run: (editor) => {
      const { nest } = geometry(editor);
      const home = homeOf(editor);
      return rehome(editor, editor.selected(), home === null ? null : nest.home(home), {});
    },
  },
  {
    name: "fold",
    group: "view",
    label: (editor) => `${closed(editor) ? "Expand" : "Collapse"} ${what(editor)}`,
    keys: ["e"],
    disabled: oneContainer,
    run: (editor) => {
      const [node] = names(editor);
      if (node !== undefined) fold(editor, node);
    },
  },
  {
    name: "fold-all",
    group: "view",
    label: () => "Collapse all containers",
    keys: ["Shift+e"],
    disabled: anyContainer,
    run: (editor) => foldAll(editor, true),
  },
  {
    name: "unfold-all",
    group: "view",
    label: () => "Expand all containers",
    disabled: anyContainer,
    run: (editor) => foldAll(editor, false),
  },
  {
    name: "extract",
    group: "flow",
    label: (editor) => `Make a flow of ${what(editor)}`,
    menu: ["nodes"],
    disabled: (editor) => editor.locked || noNode(editor),
    run: async (editor) => {
      const done = await editor.do({ type: "EXTRACT", nodes: names(editor) });
      if (done !== null) arrived(editor, done.nodes);
    },
  },
  {
    name: "inline",
    group: "flow",
    label: (editor) => `Put the nodes of the flow that ${what(editor)} calls here`,
    disabled: (editor) =>
      editor.locked ||
      oneNode(editor) ||
      (editor.selected()[0]?.kind.startsWith("call") ? "" : "it calls no flow"),
    run: async (editor) => {
      const [node] = names(editor);
      if (node === undefined) return;
      const done = await editor.do({ type: "INLINE", node });
      if (done !== null) arrived(editor, done.nodes);
    },
  },
];

/** Close a container that is open, or open it. */
export function fold(editor: Editor, name: string): void {
  const { nest } = geometry(editor);
  const { folded } = editor.state;
  const now = !isFolded(nest, folded, name);
  editor.change({ folded: { ...folded, [name]: now } });
  const count = nest.members(name).length;
  editor.say(`${name} ${now ? "collapsed" : `expanded: ${count} nodes`}`);
}

function foldAll(editor: Editor, now: boolean): void {
  const containers = editor.flow?.nodes.filter((one) => one.contains) ?? [];
  const folded = Object.fromEntries(containers.map((one) => [one.name, now]));
  editor.change({ folded: { ...editor.state.folded, ...folded } });
  editor.say(`${containers.length} containers ${now ? "collapsed" : "expanded"}`);
}

/** Put nodes into a container, or out of all, with new places for them: one step of undo. */
export function rehome(
  editor: Editor,
  nodes: readonly NodeView[],
  home: string | null,
  positions: Readonly<Record<string, { x: number; y: number }>>,
): Promise<unknown> {
  const edits: EditMessage[] = nodes.map(({ name, options }) => {
    const { in: _, ...rest } = options;
    const said = home === null ? rest : { ...rest, in: home };
    return { type: "SET_OPTIONS", node: name, options: said };
  });
  if (Object.keys(positions).length > 0) edits.push({ type: "MOVE_NODES", positions });
  const moved = nodes.length === 1 ? nodes[0]?.name : `${nodes.length} nodes`;
  const where = home === null ? "out of its container" : `into ${home}`;
  return editor.edit({ type: "SEVERAL", edits, name: `Move ${moved} ${where}` });
}

function homeOf(editor: Editor): string | null {
  const { nest } = geometry(editor);
  const homes = new Set(names(editor).map((name) => nest.home(name)));
  return homes.size === 1 ? ([...homes][0] ?? null) : null;
}

function closed(editor: Editor): boolean {
  const [node] = names(editor);
  return node !== undefined && isFolded(geometry(editor).nest, editor.state.folded, node);
}

function oneContainer(editor: Editor): string {
  const one = editor.selected();
  return one.length === 1 && one[0]?.contains ? "" : "select one container";
}

function anyContainer(editor: Editor): string {
  return editor.flow?.nodes.some((one) => one.contains) ? "" : "there is no container";
}
