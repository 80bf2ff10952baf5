/**
 * One view's conversation with the kernel: greets, keeps the store in step, asks again after a
 * gap, and notices when nobody answers.
 */
import { UNREACHED } from "../model/state";
import type { Store } from "../model/store";
import { decode } from "../protocol/decode";
import type { KernelMessage, Place, Refused, ViewMessage } from "../protocol/generated";
import { Tape } from "./tape";
import type { Transport } from "./transport";

type Numbered = Extract<ViewMessage, { readonly rid: number }>;
type Bare<T> = T extends unknown ? Omit<T, "view" | "rid"> : never;
/** A message that is answered, without the ids that a session gives it. */
export type Question = Bare<Numbered>;
export type Answer = Exclude<Extract<KernelMessage, { readonly rid: number }>, Refused>;

/** A question that was not done, and why; `lost`: nobody was reached who could have. */
export class RefusedQuestion extends Error {
  constructor(
    readonly refused: Refused,
    readonly lost = false,
  ) {
    super(refused.message);
  }
}

interface Waiting {
  readonly question: ViewMessage;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: RefusedQuestion) => void;
}

/**
 * What only reads, and is asked again of whoever answers from now on: the one who was asked may have
 * gone without a word, as the server does when a kernel takes over.
 */
const READS: ReadonlySet<string> = new Set<ViewMessage["type"]>([
  "ASK_STATS",
  "COMPLETE",
  "EVALUATE",
  "FIND",
  "FLOWS",
  "FLOW_FORM",
  "FORM",
  "KINDS",
  "LINES",
  "MATCH",
  "PAGE",
  "PART",
  "PEEK",
  "ROUTE",
  "TARGETS",
  "TEXT",
  "TURNS",
  "VERSIONS",
]);

/** How long a greeting may stay unanswered; a busy kernel without subshells takes its time. */
const PATIENCE_MS = 8_000;

export class Session {
  readonly view = Math.random().toString(36).slice(2, 10);
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** All that happened in the run, where its time can be gone through. */
  readonly tape: Tape | null;
  private rids = 0;
  /** The way is cut: nothing is sent, so nothing is done later that was refused now. */
  private cut = false;
  private readonly waiting = new Map<number, Waiting>();

  constructor(
    readonly store: Store,
    readonly transport: Transport,
  ) {
    this.tape = transport.page === undefined ? null : new Tape();
    transport.onMessage((content) => this.hear(content));
    transport.onLink((live) => {
      this.cut = !live;
      if (live) this.greet();
      else this.loseTouch();
    });
    const opening = transport.opening();
    if (opening) this.hear(opening);
    this.hello();
  }

  run(params: Readonly<Record<string, unknown>>): void {
    this.store.change({ refused: null });
    this.ask({ type: "RUN", params });
  }

  cancel(): void {
    this.ask({ type: "CANCEL" });
  }

  inspect(node: string, scope: string | null = null): void {
    this.send({ type: "INSPECT", view: this.view, node, scope });
  }

  move(positions: Readonly<Record<string, Place>>): void {
    this.send({ type: "MOVE", positions });
  }

  tidyUp(): void {
    this.send({ type: "TIDY_UP" });
  }

  /** Ask, and have the answer; rejects with `RefusedQuestion`. */
  request<A extends Answer["type"]>(question: Question): Promise<Extract<Answer, { type: A }>> {
    if (this.cut) return Promise.reject(new RefusedQuestion(CUT, true));
    this.rids += 1;
    const rid = this.rids;
    const numbered = { ...question, view: this.view, rid } as Numbered;
    const answered = new Promise<Answer>((resolve, reject) =>
      this.waiting.set(rid, { question: numbered, resolve, reject }),
    );
    this.ask(numbered);
    return answered as Promise<Extract<Answer, { type: A }>>;
  }

  dismiss(): void {
    this.store.change({ refused: null });
  }

  /**
   * Somebody answers from now on, who may not be who was asked. What would change the flow is not
   * asked again, for it may have been done; nobody waits for the answer for ever.
   */
  private greet(): void {
    this.hello();
    const changes: number[] = [];
    for (const [rid, { question }] of this.waiting)
      if (READS.has(question.type)) this.send(question);
      else changes.push(rid);
    if (changes.length > 0) setTimeout(() => this.giveUp(changes), PATIENCE_MS);
  }

  private giveUp(rids: readonly number[]): void {
    for (const rid of rids) {
      const one = this.waiting.get(rid);
      this.waiting.delete(rid);
      one?.reject(new RefusedQuestion(BROKEN, true));
    }
  }

  hello(): void {
    this.ask({ type: "HELLO", view: this.view });
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private hear(content: unknown): void {
    const decoded = decode(content);
    clearTimeout(this.timer);
    if (!decoded.ok) {
      this.store.change({
        refused: refusal(
          `The kernel sent what this page cannot read: ${decoded.reason}`,
          "Reload the page. If that does not help, restart the kernel.",
        ),
      });
      return;
    }
    const message = this.tape?.take(decoded.message) ?? decoded.message;
    if (message.type === "DETAILS" && message.view !== this.view) return;
    if ("rid" in message && message.rid !== null) {
      if (message.view === this.view) this.settle(message.rid, message);
      return;
    }
    const wasBehind = this.store.state.behind;
    this.store.receive(message);
    if (this.store.state.behind && !wasBehind) this.hello();
  }

  private settle(rid: number, message: Answer | Refused): void {
    const one = this.waiting.get(rid);
    this.waiting.delete(rid);
    this.store.change({ connection: "live" });
    if (message.type === "REFUSED") one?.reject(new RefusedQuestion(message));
    else one?.resolve(message);
  }

  /** Send what must be answered, and notice when it is not. */
  private ask(message: ViewMessage): void {
    clearTimeout(this.timer);
    if (!this.cut) this.timer = setTimeout(() => this.lose(), PATIENCE_MS);
    this.send(message);
  }

  private send(message: ViewMessage): void {
    if (this.cut && message.type !== "HELLO") {
      if (message.type !== "INSPECT") this.store.change({ refused: CUT });
      return;
    }
    try {
      this.transport.send(message);
    } catch {
      this.lose(); // the comm is closed: the kernel went away
    }
  }

  /** Nobody answers: they may be busy, or what they said was lost, so they are greeted again. */
  private lose(refused = SILENT): void {
    clearTimeout(this.timer);
    if (!this.cut) this.timer = setTimeout(() => this.hello(), PATIENCE_MS);
    this.store.change({ connection: "lost" });
    const gone = [...this.waiting.values()];
    this.waiting.clear();
    for (const one of gone) one.reject(new RefusedQuestion(refused, true));
  }

  /** Nobody can be reached: until somebody is, the flow is only looked at. */
  private loseTouch(): void {
    this.lose(BROKEN);
    const { flow } = this.store.state;
    if (flow?.locked === "") this.store.change({ flow: { ...flow, locked: UNREACHED } });
  }
}

const SILENT = refusal("Nobody answered.", "Is the kernel there?");
const CUT = refusal(
  "Not connected: nothing was changed.",
  "Do it again once the connection is back.",
);
const BROKEN = refusal(
  "The connection was lost before this was answered.",
  "Once it is back, see whether it was done.",
);

function refusal(message: string, hint: string): Refused {
  return { type: "REFUSED", message, hint, problems: [], view: "", rid: null };
}
