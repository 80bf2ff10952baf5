/**
 * A line to the server, for a document without a kernel that has flowbook.
 *
 * The server knows nothing of us: each question carries all cells as they stand, and questions go
 * one at a time, so that the second edit is made of what the first one wrote. What a kernel would
 * be told of cells is a reason to ask for the flow anew.
 */
import type { CellView, NotebookMessage, ViewMessage } from "../protocol/generated";
import type { LineMessage, OpenLine, Turn } from "./openLine";
import { trans } from "./words";

/** What the server is asked, and what it answers; without cells they are those of the file. */
export type Post = (body: {
  readonly path: string;
  readonly locked: string;
  readonly cells: readonly CellView[] | null;
  readonly message: ViewMessage;
}) => Promise<{ readonly messages: readonly unknown[] }>;

/** There is no way to the server now. */
export class Unreachable extends Error {
  constructor() {
    super(trans.__("it cannot be reached"));
  }
}

/** The document, and who hears what the server says of it. */
export interface Served {
  readonly path: () => string;
  /** Why nothing of it may be changed; empty when it may. */
  readonly locked: () => string;
  readonly cells: () => readonly CellView[];
  readonly heard: (content: unknown) => void;
  /** It cannot say what the flow is, and why. */
  readonly failed: (reason: string) => void;
  /** It cannot be reached, or can be again. */
  readonly turned: (turn: Turn) => void;
}

/** How soon a server that cannot be reached is tried again: the first time, and at last. */
const FIRST_MS = 1_000;
const LAST_MS = 30_000;

const OF_CELLS: ReadonlySet<string> = new Set<NotebookMessage["type"]>([
  "CELLS",
  "CHANGED",
  "APPLIED",
  "REFUSED_PATCH",
  "CANVAS_CLOSED",
]);

export class ServerLine implements OpenLine {
  private readonly waiting: ViewMessage[] = [];
  private asking = false;
  /** A greeting is being answered, and no cell has changed since it was sent. */
  private greeting = false;
  private disposed = false;
  /** The gesture of the question that is being answered came too late for a cell. */
  private tooLate = false;
  private isCut = false;
  private pause = FIRST_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly post: Post,
    private readonly served: Served,
  ) {}

  send(message: LineMessage): void {
    if (isOfCells(message)) this.ofCells(message);
    else if (message.type !== "HELLO" || !this.isGreeted) this.ask(message);
  }

  async close(): Promise<void> {
    this.dispose();
  }

  dispose(): void {
    this.disposed = true;
    this.waiting.length = 0;
    clearTimeout(this.timer);
  }

  onTurn(): void {} // told to who made it

  reconnect(): void {
    clearTimeout(this.timer);
    if (this.isCut && !this.disposed && this.waiting.length === 0) this.ask(LOOK);
  }

  /** Whoever asked is told, so nothing of what waits is done later. */
  private cut(): void {
    this.waiting.length = 0;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reconnect(), this.pause);
    this.pause = Math.min(2 * this.pause, LAST_MS);
    if (this.isCut) return;
    this.isCut = true;
    this.served.turned("cut");
  }

  private reached(): void {
    this.pause = FIRST_MS;
    if (!this.isCut) return;
    this.isCut = false;
    clearTimeout(this.timer);
    this.served.turned("back");
  }

  private ofCells(message: NotebookMessage): void {
    if (message.type === "REFUSED_PATCH" && message.stale) this.tooLate = true;
    else if (message.type === "CHANGED" || message.type === "APPLIED") {
      this.greeting = false;
      // One look at the cells is as good as several.
      if (!this.isCut && this.waiting.at(-1)?.type !== "HELLO") this.ask(LOOK);
    }
  }

  private ask(message: ViewMessage): void {
    this.waiting.push(message);
    if (!this.asking) void this.askAll();
  }

  /** What is told is told to all canvases: who greets meanwhile hears the same answer. */
  private get isGreeted(): boolean {
    return this.greeting || this.waiting.at(-1)?.type === "HELLO";
  }

  private async askAll(): Promise<void> {
    this.asking = true;
    try {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift())
        if (!(await this.answered(next))) await this.answered(next); // once more, of newer cells
    } finally {
      this.asking = false;
    }
  }

  /** False when cells went on while it was asked. */
  private async answered(message: ViewMessage): Promise<boolean> {
    const { path, locked, cells, heard, failed } = this.served;
    this.greeting = message.type === "HELLO";
    let messages: readonly unknown[];
    try {
      const asked = { path: path(), locked: locked(), cells: cells(), message };
      ({ messages } = await this.post(asked));
      if (!this.disposed) this.reached();
    } catch (failure) {
      if (this.disposed) return true;
      if (failure instanceof Unreachable) {
        this.cut();
        return true;
      }
      this.reached();
      const reason = failure instanceof Error ? failure.message : String(failure);
      if (message.type === "HELLO") failed(reason);
      messages = message.type === "HELLO" ? [] : [refused(reason, message)];
    }
    this.greeting = false;
    this.tooLate = false;
    for (const one of messages) {
      if (this.disposed) return true;
      heard(one);
      if (this.tooLate) return false;
    }
    return true;
  }
}

const LOOK: ViewMessage = { type: "HELLO", view: "" };

function isOfCells(message: LineMessage): message is NotebookMessage {
  return OF_CELLS.has(message.type);
}

function refused(reason: string, asked: ViewMessage): object {
  return {
    type: "REFUSED",
    message: trans.__("The Jupyter server could not do that: %1", reason),
    hint: trans.__("Start a kernel, or install flowbook where the server runs and restart it."),
    problems: [],
    view: "view" in asked ? asked.view : "",
    rid: "rid" in asked ? asked.rid : null,
  };
}
