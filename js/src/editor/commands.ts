/**
 * Everything a user can do, once: buttons, menus, keys and the host's own palette read this list.
 */
import type { CommandInfo } from "../protocol/handle";
import type { Editor } from "./editor";

export type Group = "add" | "edit" | "arrange" | "view" | "run" | "flow";

export interface Command {
  readonly name: string;
  readonly group: Group;
  label(editor: Editor): string;
  /** Keys as `Mod+Shift+g`, `Delete`, `a`; `Mod` is Ctrl, and Cmd on a Mac. */
  readonly keys?: readonly string[];
  /** The page hears of its keys by an event of their own: copy, cut, paste. */
  readonly native?: boolean;
  /** Where the context menu has it, even while it cannot be done. */
  readonly menu?: readonly Context[];
  /** Why it cannot be done now; empty when it can. */
  disabled(editor: Editor): string;
  run(editor: Editor): unknown;
}

/** What a context menu is about: a node, several, wires, or nothing but the canvas. */
export type Context = "node" | "nodes" | "edge" | "pane";

export class Commands {
  private readonly byName: ReadonlyMap<string, Command>;

  constructor(
    readonly editor: Editor,
    readonly all: readonly Command[],
  ) {
    this.byName = new Map(all.map((one) => [one.name, one]));
  }

  get(name: string): Command {
    const found = this.byName.get(name);
    if (found === undefined) throw new Error(`there is no command ${name}`);
    return found;
  }

  /** Do it, or say why not. */
  execute(name: string): void {
    const command = this.get(name);
    const why = command.disabled(this.editor);
    if (why === "") command.run(this.editor);
    else this.editor.say(`${command.label(this.editor)}: ${why}`);
  }

  /** The command of a key that was pressed, if it has any. */
  ofKey(event: KeyPress): Command | null {
    const pressed = keyName(event);
    return this.all.find((one) => !one.native && one.keys?.includes(pressed)) ?? null;
  }

  /** All of them, or those of these names that there are, in that order. */
  list(names?: readonly string[]): readonly CommandInfo[] {
    const some = names?.flatMap((name) => this.all.find((one) => one.name === name) ?? []);
    return (some ?? this.all).map((one) => ({
      name: one.name,
      label: one.label(this.editor),
      group: one.group,
      disabled: one.disabled(this.editor),
      keys: one.keys ?? [],
    }));
  }
}

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** A key as `Command.keys` writes it. */
export function keyName(event: KeyPress): string {
  const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const shifted = event.shiftKey && (event.key.length > 1 || letter !== letter.toUpperCase());
  return [
    event.ctrlKey || event.metaKey ? "Mod" : "",
    event.altKey ? "Alt" : "",
    shifted ? "Shift" : "",
    letter === " " ? "Space" : letter,
  ]
    .filter(Boolean)
    .join("+");
}
