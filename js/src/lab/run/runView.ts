/** One recorded run, or two that are compared, as a widget of JupyterLab. */
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import type { CanvasHandle } from "../../protocol/handle";
import type { PageAct, PageError, RunPage } from "../../protocol/runPage";
import { loadBundle } from "../bundle";
import type { Ask } from "./api";
import type { Followed, Following } from "./following";
import { iconOf } from "./icons";
import { RunWay } from "./runWay";

export interface RunAround {
  readonly ask: Ask;
  readonly following: Following;
  readonly trans: TranslationBundle;
  act(view: RunView, act: PageAct): Promise<string>;
  /** Show which runs there are. */
  history(): void;
}

/** What can be done where there is no run to be seen. */
interface WayOn {
  readonly label: string;
  readonly act: () => void;
}

/** What the server says of a run, as far as the title has it. */
interface Row {
  readonly flow: string;
  readonly status: string;
  readonly notebook?: string | null;
}

export class RunView extends Widget {
  handle: CanvasHandle | null = null;
  row: Row | null = null;
  private readonly notice = document.createElement("div");
  private readonly place = document.createElement("div");
  private readonly listeners = new Set<() => void>();
  private way: RunWay | null = null;
  private followed: Followed | null = null;

  constructor(
    readonly run: string,
    /** The run that it is compared with; null where it is shown alone. */
    readonly against: string | null,
    private readonly around: RunAround,
  ) {
    super();
    const { trans } = around;
    this.addClass("fb-lab");
    this.notice.className = "fb-lab-notice";
    this.notice.setAttribute("role", "status");
    this.place.className = "fb-place fb-lab-place";
    this.node.append(this.notice, this.place);
    this.title.label = against === null ? short(run) : `${short(against)} → ${short(run)}`;
    this.title.caption = against === null ? run : `${against} → ${run}`;
    this.title.closable = true;
    this.title.icon = iconOf("");
    this.say(trans.__("Looking for the run…"));
    void this.begin();
  }

  /** The canvas is there, or it is said why not. */
  get isShown(): boolean {
    return this.handle !== null;
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.leave();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.node.contains(document.activeElement)) this.handle?.focus();
  }

  private async begin(): Promise<void> {
    const { around, run } = this;
    try {
      await this.look();
      const bundle = await loadBundle();
      if (this.isDisposed) return;
      this.say("");
      this.followed = around.following.follow(run, {
        happened: (events) => this.way?.happened(events),
        changed: (runs) => this.changed(runs),
        gone: () => this.lose(),
      });
      this.way = new RunWay(
        this.page(),
        (after) => this.followed?.watch(after),
        (failure) => this.fail(failure),
      );
      this.handle = bundle.open(this.way, this.place);
    } catch (failure) {
      if (!this.isDisposed) this.fail(failure as PageError);
    }
  }

  private page(): RunPage {
    const { around, run, against } = this;
    return {
      run,
      ...(against === null ? {} : { against }),
      ask: around.ask,
      act: (act) => around.act(this, act),
      onChange: (callback) => {
        this.listeners.add(callback);
        return () => this.listeners.delete(callback);
      },
    };
  }

  /** What the run is by now, in the title. */
  private async look(): Promise<void> {
    const { run: row } = (await this.around.ask("GET", `runs/${this.run}`)) as { run: Row };
    this.row = row;
    if (this.isDisposed || this.against !== null) return;
    this.title.label = `${row.flow} ${short(this.run)}`;
    this.title.caption = `${row.flow}: ${this.run}, ${row.status}`;
    this.title.icon = iconOf(row.status);
  }

  private changed(runs: readonly string[] | null): void {
    for (const listener of [...this.listeners]) listener();
    this.way?.back();
    if (runs === null || runs.includes(this.run)) this.look().catch(() => {});
  }

  private lose(): void {
    const { trans } = this.around;
    this.leave();
    this.say(
      trans.__("This run was deleted."),
      trans.__("What it took from others, and what others took of it, is theirs."),
      this.toOthers,
    );
  }

  private fail(failure: PageError): void {
    const { trans } = this.around;
    this.leave();
    if (failure.status === 404)
      this.say(
        trans.__("There is no run %1.", this.run),
        trans.__("It may have been deleted, or its project lies elsewhere."),
        this.toOthers,
      );
    else this.say(failure.message || String(failure), failure.hint, this.again);
  }

  private get toOthers(): WayOn {
    const { history, trans } = this.around;
    return { label: trans.__("Show Run History"), act: history };
  }

  private get again(): WayOn {
    const { trans } = this.around;
    const act = () => {
      this.say(trans.__("Looking for the run…"));
      void this.begin();
    };
    return { label: trans.__("Try again"), act };
  }

  private leave(): void {
    this.followed?.stop();
    this.followed = null;
    this.handle?.dispose();
    this.handle = null;
    this.way?.dispose();
    this.way = null;
    this.listeners.clear();
  }

  private say(words: string, more = "", on: WayOn | null = null): void {
    this.notice.hidden = words === "";
    this.place.hidden = words !== "";
    const text = document.createElement("p");
    const first = document.createElement("strong");
    first.textContent = words;
    text.append(first, more === "" ? "" : ` ${more}`);
    this.notice.replaceChildren(text);
    if (on === null) return;
    const button = document.createElement("button");
    button.className = "jp-mod-styled jp-mod-minimal";
    button.textContent = on.label;
    button.addEventListener("click", on.act);
    this.notice.append(button);
  }
}

/** The end of an id, which is what differs between runs of one day. */
export function short(run: string): string {
  return run.slice(-8);
}
