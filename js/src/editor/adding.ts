/** A new node: asked for, waited for, and then selected and opened like one that was pointed at. */
import type { EdgeRef, KindView, PortRef } from "../protocol/generated";
import type { Editor } from "./editor";

/** Where a new node goes; all of it is optional. */
export interface Where {
  readonly at?: { readonly x: number; readonly y: number } | null;
  readonly on?: EdgeRef | undefined;
  readonly after?: PortRef | undefined;
  readonly inside?: string | undefined;
}

/** Until the definition has what it was told to have. */
const PATIENCE_MS = 5_000;

/** The kinds there are; asked for once, and again after that failed. */
export async function loadKinds(editor: Editor): Promise<void> {
  if (editor.state.kinds !== null) return;
  const told = await editor.ask<"KINDS">({ type: "KINDS" });
  if (told !== null) editor.change({ kinds: told.kinds });
}

/**
 * Behind the one node that is selected, if it gives anything, or into the one wire that is; else in the
 * middle of the view.
 */
export function whereNext(editor: Editor): Where {
  const [edge, ...others] = editor.selectedEdges();
  if (edge !== undefined && others.length === 0 && editor.selected().length === 0)
    return { on: { target: edge.target, input: edge.input } };
  const [node, ...more] = editor.selected();
  const [port] = node?.outputs ?? [];
  if (node === undefined || port === undefined || more.length > 0) return { at: editor.centre() };
  return { after: { node: node.name, port } };
}

/** The name of the new node, once it is there, selected and in view; null when it was refused. */
export async function insert(
  editor: Editor,
  kind: KindView["kind"],
  where: Where = whereNext(editor),
): Promise<string | null> {
  const done = await editor.do({
    type: "INSERT",
    kind,
    ...(where.at ? { x: where.at.x, y: where.at.y } : {}),
    ...(where.on ? { on: where.on } : {}),
    ...(where.after ? { after: where.after } : {}),
    ...(where.inside ? { inside: where.inside } : {}),
  });
  const name = done?.nodes[0];
  if (name === undefined || !(await arrived(editor, name))) return null;
  editor.reveal(name);
  return name;
}

/** The answer may be here before the definition that it is about. */
function arrived(editor: Editor, node: string): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      if (editor.node(node) === undefined) return;
      end(true);
    };
    const off = editor.store.subscribe(look);
    const late = setTimeout(() => end(false), PATIENCE_MS);
    const end = (there: boolean) => {
      clearTimeout(late);
      off();
      resolve(there);
    };
    look();
  });
}
