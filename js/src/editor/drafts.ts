/**
 * What somebody types into forms, until it is applied: sent when they pause or leave, never in
 * halves, and kept with the reason where it was refused. Where nobody was reached it is sent once
 * somebody is. It outlives the panel that shows it, so that nothing is lost when another node is
 * selected or the panel is closed.
 */
import { type Question, RefusedQuestion } from "../host/session";
import type { Editor } from "./editor";

const PAUSE_MS = 500;
const KEPT = {
  message: "Not connected.",
  hint: "What you wrote is kept here, and applied once the connection is back.",
};

export interface Draft {
  readonly value: unknown;
  /** Why it is not applied; empty while nothing is wrong. */
  readonly error: string;
  readonly hint: string;
}

interface Entry {
  draft: Draft;
  ask: ((value: unknown) => Question) | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  sending: boolean;
  /** Nobody was reached; `ask` is for when somebody is. */
  lost: boolean;
  /** When it was applied; from then on what the flow says counts, once it was asked. */
  applied: number | null;
}

const all = new WeakMap<Editor, Drafts>();

export class Drafts {
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<() => void>();
  /** The tab of the details that was chosen last. */
  tab: string | null = null;

  constructor(private readonly editor: Editor) {
    let live = false;
    editor.store.subscribe(() => {
      const was = live;
      const { connection, flow } = editor.store.state;
      live = connection === "live" && flow?.locked === "";
      if (live && !was) this.sendLost();
    });
  }

  /** Those of a view. */
  static of(editor: Editor): Drafts {
    const known = all.get(editor) ?? new Drafts(editor);
    all.set(editor, known);
    return known;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get(key: string): Draft | undefined {
    return this.entries.get(key)?.draft;
  }

  /** Take a value to be applied by `ask`, after a pause or `now`. */
  change(key: string, value: unknown, ask: (value: unknown) => Question, now = false): void {
    const entry = this.entry(key);
    entry.draft = { value, error: "", hint: "" };
    entry.ask = ask;
    entry.applied = null;
    entry.timer = now ? undefined : setTimeout(() => this.flush(key), PAUSE_MS);
    this.tell();
    if (now) this.flush(key);
  }

  /** Keep what cannot be applied as it is, and say what would be accepted. */
  fail(key: string, value: unknown, error: string): void {
    const entry = this.entry(key);
    entry.draft = { value, error, hint: "" };
    entry.ask = null;
    entry.applied = null;
    this.tell();
  }

  forget(key: string): void {
    clearTimeout(this.entries.get(key)?.timer);
    if (this.entries.delete(key)) this.tell();
  }

  /** Apply what waits, of `key` or of all keys that begin so. */
  flush(key = ""): void {
    for (const [one, entry] of this.entries)
      if (one.startsWith(key) && entry.ask !== null && !entry.sending) void this.send(one, entry);
  }

  /** Somebody is reached again. */
  private sendLost(): void {
    for (const [one, entry] of this.entries)
      if (entry.lost && !entry.sending) void this.send(one, entry);
  }

  /** The flow was asked at `asked` what it says: what was applied before that is in it. */
  arrived(prefix: string, asked: number): void {
    let gone = false;
    for (const [key, entry] of this.entries)
      if (key.startsWith(prefix) && entry.applied !== null && entry.applied <= asked)
        gone = this.entries.delete(key) || gone;
    if (gone) this.tell();
  }

  private entry(key: string): Entry {
    const known = this.entries.get(key);
    clearTimeout(known?.timer);
    const entry: Entry = known ?? {
      draft: { value: undefined, error: "", hint: "" },
      ask: null,
      timer: undefined,
      sending: false,
      lost: false,
      applied: null,
    };
    this.entries.set(key, entry);
    return entry;
  }

  private async send(key: string, entry: Entry): Promise<void> {
    clearTimeout(entry.timer);
    const { ask } = entry;
    if (ask === null) return;
    const draft = { ...entry.draft, error: "", hint: "" };
    Object.assign(entry, { draft, ask: null, lost: false, sending: true });
    try {
      const done = await this.editor.session.request<"EDITED">(ask(draft.value));
      if (entry.draft === draft) entry.applied = performance.now();
      this.editor.say(done.label);
    } catch (failure) {
      if (!(failure instanceof RefusedQuestion)) throw failure;
      const { message, hint } = failure.lost ? KEPT : failure.refused;
      if (entry.draft === draft) entry.draft = { ...draft, error: message, hint: hint ?? "" };
      if (failure.lost) {
        entry.lost = true;
        entry.ask ??= ask;
      }
      this.tell();
    } finally {
      entry.sending = false;
    }
    if (entry.ask !== null && !entry.lost) void this.send(key, entry); // changed meanwhile
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
