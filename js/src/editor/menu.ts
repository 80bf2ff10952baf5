/** The context menu: what can be done with what is selected, in the order of all commands. */
import type { Command, Commands, Context, Group } from "./commands";
import type { Editor } from "./editor";

export interface MenuItem {
  readonly name: string;
  readonly label: string;
  /** The first of its keys; '' without any. */
  readonly key: string;
  /** Why it cannot be done now; empty when it can. */
  readonly disabled: string;
}

/** Commands that belong together. */
export type MenuSection = readonly MenuItem[];

export function contextOf(editor: Editor): Context {
  const nodes = editor.selected().length;
  if (nodes > 1) return "nodes";
  if (nodes === 1) return "node";
  return editor.selectedEdges().length > 0 ? "edge" : "pane";
}

/** Commands that do not say where they belong: they are there while they can be done. */
const USUAL: Readonly<Record<Context, ReadonlySet<Group>>> = {
  node: new Set(["edit", "run", "flow"]),
  nodes: new Set(["edit", "run", "flow"]),
  edge: new Set(["add", "edit"]),
  pane: new Set(["add", "edit", "arrange", "view", "run", "flow"]),
};
/** A node's menu has what opens and closes it too. */
const ALSO: Readonly<Record<Context, ReadonlySet<string>>> = {
  node: new Set(["fold"]),
  nodes: new Set(),
  edge: new Set(),
  pane: new Set(),
};
const NEVER = new Set(["menu", "next-wire"]);

export function menuOf(commands: Commands): readonly MenuSection[] {
  const { editor } = commands;
  const context = contextOf(editor);
  const sections = new Map<Group, MenuItem[]>();
  for (const one of commands.all) {
    const disabled = one.disabled(editor);
    if (!belongs(one, context, disabled)) continue;
    const section = sections.get(one.group) ?? [];
    section.push({
      name: one.name,
      label: one.label(editor),
      key: one.keys?.[0] ?? "",
      disabled,
    });
    sections.set(one.group, section);
  }
  return [...sections.values()];
}

function belongs(one: Command, context: Context, disabled: string): boolean {
  if (NEVER.has(one.name)) return false;
  if (one.menu !== undefined) return one.menu.includes(context);
  return disabled === "" && (USUAL[context].has(one.group) || ALSO[context].has(one.name));
}

/** The entry whose label begins with what was typed, at or after `from`; -1 without one. */
export function typed(labels: readonly string[], text: string, from: number): number {
  const wanted = text.toLowerCase();
  for (let i = 0; i < labels.length; i++) {
    const at = (from + i) % labels.length;
    if (labels[at]?.toLowerCase().startsWith(wanted)) return at;
  }
  return -1;
}
