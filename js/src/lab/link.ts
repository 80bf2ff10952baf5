/**
 * The link between a notebook document and its flow: who answers for it is told the cells as they
 * stand, and what changes the flow there changes them here, as one step of undo for each gesture.
 *
 * That is the kernel, where it has flowbook, and while a canvas is open the server where it has not.
 * A kernel is asked whether it has when there is reason to believe so: a cell that speaks of flows
 * was run, or is there when the notebook opens, or a canvas is open, which also has it loaded. Who
 * does not use flowbook never has a message more. Cells that change while the kernel is busy are
 * told when it is idle, unless a canvas is there to show them: a message on a subshell ends with
 * `idle`, too, and would make a busy kernel look idle. Nothing is lost by that, for a gesture that
 * meets a changed cell is refused, and made again from the newer text.
 */
import type { ISharedNotebook } from "@jupyter/ydoc";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { Signal } from "@lumino/signaling";
import type { NotebookMessage, Patch, ViewMessage } from "../protocol/generated";
import type { Answering, Session, Surroundings } from "./answerers";
import { Canvases, type CanvasWay } from "./canvases";
import { Doing } from "./doing";
import { Follower } from "./follower";
import { History } from "./history";
import type { OpenLine, Turn } from "./openLine";
import { Overhearing, speaksOfFlows } from "./overhearing";
import { Recall } from "./recall";
import { sorted } from "./sorting";
import { trans } from "./words";

const SETTLED = 250;

export class NotebookLink {
  /** Somebody else answers, or nobody does. */
  readonly changed = new Signal<this, void>(this);
  readonly canvases: Canvases;
  readonly history: History;
  private readonly follower: Follower;
  private readonly doing: Doing;
  private line: OpenLine | null = null;
  private server: OpenLine | null = null;
  /** Counts kernels: what was begun with one is not finished with the next. */
  private generation = 0;
  private opening = false;
  private cut = false;
  /** What was told last of why nothing may be changed. */
  private lock = "";
  /** Why flowbook cannot be loaded in this kernel; empty: it was not tried, or has worked. */
  private missing = "";
  /** Why the server cannot answer; empty: it was not asked, or has. */
  private unserved = "";
  /** A run that waits for its kernel. */
  private run: ViewMessage | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly overhearing = new Overhearing();
  private readonly recall = new Recall(
    () => this.kernel,
    () => this.open(),
  );
  private disposed = false;

  constructor(
    private readonly shared: ISharedNotebook,
    private readonly session: Session,
    private readonly around: Surroundings,
  ) {
    this.history = new History(shared);
    this.canvases = new Canvases(
      (message) => this.askedFor(message),
      this.history,
      () => this.leftAlone(),
    );
    this.follower = new Follower(shared, () => this.later());
    const { locked } = around;
    const notify = (message: string) => around.notify(message);
    this.doing = new Doing(shared, this.follower, this.history, locked, notify);
    session.iopubMessage.connect(this.onMessage, this);
    session.kernelChanged.connect(this.onKernel, this);
    session.statusChanged.connect(this.onStatus, this);
    this.onKernel();
  }

  get isOpen(): boolean {
    return this.line !== null;
  }

  get answering(): Answering {
    if (this.cut) return "cut";
    if (this.line !== null) return "kernel";
    if (this.missing !== "") return "absent";
    return this.server !== null && this.unserved === "" ? "server" : "nobody";
  }

  /** Why the kernel, or the server where there is none, cannot answer; empty when it can. */
  get reason(): string {
    return this.missing || this.unserved;
  }

  /** A way to the flow for one more canvas of the document. */
  transport(): CanvasWay {
    const way = this.canvases.add();
    this.open();
    return way;
  }

  dispose(): void {
    this.disposed = true;
    this.session.iopubMessage.disconnect(this.onMessage, this);
    this.session.kernelChanged.disconnect(this.onKernel, this);
    this.session.statusChanged.disconnect(this.onStatus, this);
    const { line } = this;
    this.recall.end();
    this.drop();
    void line?.close();
    this.server?.dispose();
    this.follower.dispose();
    Signal.clearData(this);
  }

  // ---------------------------------------------------------------- finding the kernel

  private onKernel(): void {
    const { line } = this;
    this.recall.end();
    this.drop();
    void line?.close();
    this.missing = "";
    this.fallBack();
    if (this.canvases.any || speaksOfFlows(this.shared)) this.open();
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (status === "restarting" || status === "autorestarting" || status === "dead") {
      if (this.isOpen || this.canvases.any) this.recall.begin();
      this.line?.dispose();
      this.drop();
      this.missing = "";
      this.fallBack();
    } else if (status === "starting" && this.isForlorn) {
      this.recall.ask();
    } else if (status === "idle") {
      if (this.isForlorn) this.open();
      else if (this.follower.anyPending) this.later();
    }
  }

  /** Canvases are there that a kernel could answer. */
  private get isForlorn(): boolean {
    return this.line === null && this.canvases.any && this.missing === "";
  }

  /** A cell that speaks of flows was run: is flowbook there now? */
  private onMessage(_: unknown, message: KernelMessage.IMessage): void {
    if (this.line !== null || !this.overhearing.hasRun(message)) return;
    this.missing = "";
    this.open();
  }

  private get kernel() {
    return this.session.session?.kernel ?? null;
  }

  private open(): void {
    const { kernel, generation } = this;
    if (kernel === null || this.line !== null || this.opening || this.disposed) return;
    // A crashed kernel takes comms only once it is idle again.
    if (kernel.status === "restarting" || kernel.status === "autorestarting") return;
    if (kernel.status === "dead") return;
    this.opening = true;
    this.begin(kernel.model, generation).then(
      (line) => this.opened(line, generation),
      (failure) => {
        if (generation === this.generation) {
          this.opening = false;
          this.fallBack();
        }
        console.warn(`flowbook: no link to the kernel: ${failure}`);
      },
    );
  }

  private async begin(model: Kernel.IModel, generation: number): Promise<OpenLine | null> {
    const knock = () =>
      this.around.open(
        model,
        () => this.everything(),
        (content) => this.heard(content, generation),
      );
    const line = await knock();
    if (line !== null || generation !== this.generation || !this.canvases.any) return line;
    this.fallBack(); // while it is being loaded
    // The next idle comes here again. A kernel nobody has spoken with may stay "unknown" for ever.
    if (this.kernel?.status === "busy") return null;
    const reason = await this.around.load(model);
    if (generation !== this.generation) return null;
    const loaded = reason === null ? await knock() : null;
    if (loaded === null && generation === this.generation)
      this.missing = reason ?? trans.__("its flowbook is an older one");
    return loaded;
  }

  private opened(line: OpenLine | null, generation: number): void {
    if (generation !== this.generation) {
      line?.dispose();
      return;
    }
    this.opening = false;
    this.line = line;
    if (line === null) {
      this.fallBack();
      if (this.missing !== "") this.refuseRun(this.missing);
      else if (this.canvases.any && this.kernel?.status === "idle") this.open(); // idle meanwhile
      return;
    }
    this.server?.dispose();
    this.server = null;
    this.cut = false;
    line.onTurn((turn) => {
      if (generation === this.generation) this.onTurn(turn);
    });
    this.changed.emit();
    this.canvases.greet();
    const { run } = this;
    this.run = null;
    if (run !== null) line.send(run);
  }

  /** The way to who answers was cut, or is there again. */
  private onTurn(turn: Turn): void {
    this.cut = turn === "cut";
    if (turn === "gone") {
      this.line?.dispose();
      this.drop();
      this.missing = "";
      this.open();
    } else if (turn === "cut") this.canvases.greet(false);
    else {
      this.line?.send(this.everything());
      this.canvases.greet();
    }
    this.changed.emit();
  }

  private drop(): void {
    this.generation += 1;
    this.cut = false;
    this.line = null;
    this.opening = false;
    this.overhearing.forget();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Canvases that have no kernel to ask ask the server. */
  private fallBack(): void {
    if (!this.canvases.any || this.line !== null || this.disposed) return;
    if (this.server === null) {
      this.server = this.around.serve(
        () => this.follower.now(),
        (content) => this.heardOfServer(content),
        (reason) => this.failedToServe(reason),
        (turn) => this.onTurn(turn),
        () => this.follower.untouched,
      );
      this.canvases.greet();
    }
    this.changed.emit();
  }

  // ---------------------------------------------------------------- what canvases ask

  private askedFor(message: ViewMessage): void {
    if (this.cut) {
      if (message.type === "HELLO") (this.line ?? this.server)?.reconnect();
      return;
    }
    if (message.type === "RUN" && this.line === null) {
      this.startAndRun(message);
      return;
    }
    // Whoever answers next is greeted anyway.
    if (message.type === "HELLO" && this.line === null && this.opening && !this.server) return;
    if (this.line === null) this.fallBack();
    if (this.follower.anyPending || this.isLockOld) this.tell();
    (this.line ?? this.server)?.send(message);
  }

  /** Where there is no kernel one is started; the run begins once it has flowbook. */
  private startAndRun(message: ViewMessage): void {
    if (this.missing !== "") {
      this.refuseRun(this.missing, message);
      return;
    }
    this.run = message;
    const none = this.kernel === null || this.kernel.status === "dead";
    if (!none) this.open();
    else
      this.around.start().catch((failure) => {
        this.refuseRun(
          trans.__("no kernel could be started: %1", String(failure?.message ?? failure)),
        );
      });
  }

  private refuseRun(reason: string, message = this.run): void {
    this.run = null;
    if (message === null) return;
    this.canvases.tell({
      type: "REFUSED",
      message: trans.__("The flow was not run: %1", reason),
      hint: trans.__("Choose another kernel, or install flowbook where this one runs."),
      problems: [],
      view: "",
      rid: null,
    });
  }

  private leftAlone(): void {
    this.line?.send({ type: "CANVAS_CLOSED" });
    this.server?.dispose();
    this.server = null;
    this.cut = this.cut && this.line !== null;
    this.run = null;
    this.changed.emit();
  }

  // ---------------------------------------------------------------- what is told, and what is asked

  private everything(): NotebookMessage {
    const { view, path, locked } = this.around;
    const { done } = this.doing;
    const cells = this.follower.whole();
    this.lock = locked();
    return { type: "CELLS", view, path: path(), cells, done, locked: this.lock };
  }

  /** The page has a network again. */
  online(): void {
    this.server?.reconnect(); // a line to a kernel sees to that itself
  }

  /** The document has another path, or may be changed now, or may not any more. */
  look(): void {
    if (this.cut) return;
    if (this.line !== null) this.line.send(this.everything());
    else if (this.server !== null) this.tell();
  }

  private later(): void {
    if (this.line === null && this.server === null) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      const silent = this.line !== null && !this.canvases.any && this.kernel?.status === "busy";
      if (!silent && !this.cut && this.follower.anyPending) this.tell();
    }, SETTLED);
  }

  private tell(): void {
    if (this.isLockOld) this.line?.send(this.everything());
    else (this.line ?? this.server)?.send({ type: "CHANGED", changes: this.follower.take() });
  }

  /** JupyterLab does not always say so when a file may be written by now. */
  private get isLockOld(): boolean {
    return this.line !== null && this.lock !== this.around.locked();
  }

  private heard(content: unknown, generation: number): void {
    if (generation !== this.generation) return;
    this.act(content, (patch) => this.answer(this.doing.once(patch), generation));
  }

  private failedToServe(reason: string): void {
    this.unserved = reason;
    this.changed.emit();
  }

  private heardOfServer(content: unknown): void {
    if (this.unserved !== "") {
      this.unserved = "";
      this.changed.emit();
    }
    this.act(content, (patch) => this.server?.send(this.doing.perform(patch)));
  }

  private act(content: unknown, perform: (patch: Patch) => void): void {
    const found = sorted(content);
    if (found.to === "canvases") this.canvases.tell(this.history.added(found.content));
    else if (found.to === "document") perform(found.patch);
    else if (found.to === "user") this.around.notify(found.notice);
    else
      this.around.notify(trans.__("flowbook cannot read what the kernel says: %1", found.reason));
  }

  /** The first message may be answered before `open` has given us the line. */
  private answer(message: NotebookMessage, generation: number): void {
    if (this.cut) return; // it is told with all cells
    if (this.line !== null) this.line.send(message);
    else setTimeout(() => generation === this.generation && this.line?.send(message), 0);
  }
}
