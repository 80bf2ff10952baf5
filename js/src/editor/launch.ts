/**
 * Starting runs from one view: the parameters as they are typed, cells of tables that were changed
 * by hand and wait for a run, and the questions that both go into.
 */
import { type Form, parseForm } from "../model/params";
import { errorCount } from "../model/selectors";
import type { CellChange, StartPart, TableChange } from "../protocol/generated";
import type { Editor } from "./editor";

export interface LaunchState {
  /** What was typed into the form of parameters. */
  readonly texts: Readonly<Record<string, string>>;
  /** The form is open. */
  readonly open: boolean;
  /** Cells changed by hand, by `node.port`, and in there by `row:column`. */
  readonly changed: Readonly<Record<string, Readonly<Record<string, CellChange>>>>;
}

type Part = Omit<StartPart, "type" | "view" | "rid">;

export class Launch {
  private current: LaunchState = { texts: {}, open: false, changed: {} };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly editor: Editor) {}

  get state(): LaunchState {
    return this.current;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  change(change: Partial<LaunchState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  get form(): Form {
    return parseForm(this.editor.flow?.params ?? [], this.current.texts);
  }

  /** A run goes on, or waits for its turn. */
  get going(): boolean {
    const { run, queued } = this.editor.store.state;
    return queued !== null || (run !== null && run.verdict === null);
  }

  /** Why nothing can be started now; empty when it can. */
  get barred(): string {
    const { flow } = this.editor;
    if (this.going) return "a run is under way";
    if ((flow?.nodes.length ?? 0) === 0) return "there is no node";
    return errorCount(flow?.problems ?? []) > 0 ? "the flow has problems to solve first" : "";
  }

  /** Run the flow, or a part of it; a parameter that does not fit opens the form instead. */
  start(part: Part | null = null): void {
    const { form } = this;
    const wrong = Object.keys(form.errors).length > 0 && part?.again !== true;
    this.change({ open: wrong });
    if (wrong) return;
    this.editor.store.change({ refused: null });
    if (part === null) this.editor.session.run(form.values);
    else {
      const params = part.again ? {} : form.values;
      void this.editor.ask({ type: "START", params, ...part });
    }
  }

  edit(port: string, change: CellChange | null, row: number, column: number): void {
    const { [`${row}:${column}`]: _, ...rest } = this.current.changed[port] ?? {};
    const cells = change === null ? rest : { ...rest, [`${row}:${column}`]: change };
    const { [port]: __, ...others } = this.current.changed;
    const some = Object.keys(cells).length > 0;
    this.change({ changed: some ? { ...others, [port]: cells } : others });
  }

  /** How many cells wait for a run. */
  get edits(): number {
    const { changed } = this.current;
    return Object.values(changed).reduce((all, cells) => all + Object.keys(cells).length, 0);
  }

  /** The last run once more, with the cells that were changed. */
  async startEdited(): Promise<void> {
    const tables: TableChange[] = Object.entries(this.current.changed).map(([name, cells]) => {
      const [node = "", port = ""] = name.split(".");
      return { node, port, cells: Object.values(cells) };
    });
    const started = await this.editor.ask<"STARTED">({ type: "START", tables });
    if (started !== null) this.change({ changed: {} });
  }
}

const launches = new WeakMap<Editor, Launch>();

/** The one of this view. */
export function launchOf(editor: Editor): Launch {
  let found = launches.get(editor);
  if (found === undefined) {
    found = new Launch(editor);
    launches.set(editor, found);
  }
  return found;
}
