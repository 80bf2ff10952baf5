/** What changes the selection. */
import { downstream, upstream } from "../../model/reach";
import type { Command } from "../commands";
import type { Editor } from "../editor";
import { goToWire, names, noNode, oneNode, wiresOf } from "./editing";

export const SELECTING: readonly Command[] = [
  {
    name: "select-kind",
    group: "view",
    label: (editor) => `Select all of kind ${editor.selected()[0]?.kind ?? "…"}`,
    keys: ["k"],
    menu: ["node"],
    disabled: noNode,
    run: (editor) => {
      const kinds = new Set(editor.selected().map((one) => one.kind));
      choose(editor, editor.flow?.nodes.filter((one) => kinds.has(one.kind)).map(named) ?? []);
    },
  },
  {
    name: "select-upstream",
    group: "view",
    label: () => "Select all that it needs",
    keys: ["["],
    menu: ["node"],
    disabled: noNode,
    run: (editor) => choose(editor, upstream(editor.flow?.edges ?? [], names(editor))),
  },
  {
    name: "select-downstream",
    group: "view",
    label: () => "Select all that needs it",
    keys: ["]"],
    menu: ["node"],
    disabled: noNode,
    run: (editor) => choose(editor, downstream(editor.flow?.edges ?? [], names(editor))),
  },
  {
    name: "next-wire",
    group: "view",
    label: () => "Go to the next wire of the node",
    keys: ["w"],
    disabled: oneNode,
    run: (editor) => {
      const [node] = names(editor);
      const [wire] = node === undefined ? [] : wiresOf(editor, node);
      if (wire === undefined) editor.say("It has no wires.");
      else goToWire(editor, wire);
    },
  },
];

const named = (one: { readonly name: string }) => one.name;

/** Select these, and say how many. */
export function choose(editor: Editor, nodes: Iterable<string>): void {
  editor.select(nodes);
  const count = editor.state.nodes.size;
  editor.say(count === 1 ? `${[...editor.state.nodes][0]} selected` : `${count} nodes selected`);
}
