/** Which turn of its container each node is looked at in; the latest one where none was chosen. */
import type { Editor } from "./editor";

const chosen = new WeakMap<Editor, Map<string, string>>();

/** Ask for the details of a node, in the turn that was chosen for it; else the one of the moment. */
export function inspectNode(editor: Editor, node: string): void {
  const { moment, run } = editor.store.state;
  const then = moment === null ? null : (run?.nodes[node]?.scope ?? null);
  editor.session.inspect(node, turnOf(editor, node) ?? then);
}

export function turnOf(editor: Editor, node: string): string | null {
  return chosen.get(editor)?.get(node) ?? null;
}

/** Look at a node in that turn from now on; null for the latest. */
export function chooseTurn(editor: Editor, node: string, scope: string | null): void {
  const all = chosen.get(editor) ?? new Map<string, string>();
  chosen.set(editor, all);
  if (scope === null) all.delete(node);
  else all.set(node, scope);
  inspectNode(editor, node);
}
