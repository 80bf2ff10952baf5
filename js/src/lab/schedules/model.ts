/** The panel's state: what is scheduled, what is being written, and what was refused. */
import { PageError } from "../../protocol/runPage";
import type { Ask } from "../run/api";
import type { Words } from "../runs/words";
import { bodyOf, type Draft, draftOf, newDraft } from "./draft";
import type { Editing } from "./editing";
import type { Checked, FlowChoice, Schedule, Slot, Trouble, Zones } from "./schedule";
import { Starter, type Starting } from "./starting";

/** Milliseconds: how often it is looked while the panel is shown, and how long typing may pause. */
const LOOKING = 10_000;
const STOPPED = 250;

export interface View {
  readonly phase: "loading" | "ready" | "failed";
  readonly failure: Trouble | null;
  readonly schedules: readonly Schedule[];
  /** This server starts what is due. */
  readonly running: boolean;
  readonly flows: readonly FlowChoice[];
  readonly zones: Zones;
  readonly editing: Editing | null;
  /** The one that is about to be run with other parameters. */
  readonly starting: Starting | null;
  /** What came of schedules that are looked at closely, the latest first. */
  readonly histories: ReadonlyMap<string, readonly Slot[]>;
  readonly troubles: ReadonlyMap<string, Trouble>;
  /** What was done last, for who cannot see it. */
  readonly said: string;
}

const NO_ZONES: Zones = { timezones: ["UTC"], common: ["UTC"], local: null };

const NOTHING: View = {
  ...{ phase: "loading", failure: null, schedules: [], running: true, flows: [] },
  ...{ zones: NO_ZONES, editing: null, starting: null, histories: new Map() },
  ...{ troubles: new Map(), said: "" },
};

export class SchedulesModel {
  private view: View = NOTHING;
  private readonly hearers = new Set<() => void>();
  private looking: ReturnType<typeof setInterval> | null = null;
  private checking: ReturnType<typeof setTimeout> | undefined;
  /** Counts what is asked: of two answers, the later question's counts. */
  private asked = 0;
  /** A run at once with other parameters. */
  readonly starter: Starter;

  constructor(
    private readonly ask: Ask,
    readonly trans: Words,
    private readonly now: () => Date = () => new Date(),
  ) {
    const change = (made: Partial<View>) => this.change(made);
    const reload = () => this.reload();
    this.starter = new Starter({ ask, trans, change, reload, troubleOf, look: () => this.view });
  }

  readonly subscribe = (hearer: () => void): (() => void) => {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  };
  readonly look = (): View => this.view;

  /** Look now, and again from time to time. */
  start(): void {
    if (this.looking !== null) return;
    this.looking = setInterval(() => void this.reload(), LOOKING);
    void this.reload();
  }

  stop(): void {
    if (this.looking !== null) clearInterval(this.looking);
    this.looking = null;
  }

  async reload(): Promise<void> {
    this.asked += 1;
    const { asked } = this;
    try {
      const found = (await this.ask("GET", "schedules")) as Pick<View, "schedules" | "running">;
      if (asked !== this.asked) return;
      this.change({ ...found, phase: "ready", failure: null });
      await Promise.all([...this.view.histories.keys()].map((name) => this.readHistory(name)));
    } catch (thrown) {
      if (asked !== this.asked) return;
      this.change({ phase: "failed", failure: troubleOf(thrown) });
    }
  }

  // ---------------------------------------------------------------- one of them

  async act(name: string, what: "pause" | "resume" | "run"): Promise<void> {
    const { trans } = this;
    const done = {
      pause: trans.__("%1 is paused", name),
      resume: trans.__("%1 goes on", name),
      run: trans.__("%1 runs now", name),
    }[what];
    await this.tried(name, () => this.ask("POST", `${at(name)}/${what}`, {}), done);
  }

  async remove(name: string): Promise<void> {
    const gone = this.trans.__("%1 was removed", name);
    await this.tried(name, () => this.ask("DELETE", at(name)), gone);
  }

  forgive(name: string): void {
    const troubles = new Map(this.view.troubles);
    troubles.delete(name);
    this.change({ troubles });
  }

  /** Show what became of its moments, or do not any more. */
  toggleHistory(name: string): void {
    const histories = new Map(this.view.histories);
    if (histories.delete(name)) this.change({ histories });
    else {
      const found = this.view.schedules.find((one) => one.name === name);
      this.change({ histories: histories.set(name, found?.slots ?? []) });
      void this.readHistory(name);
    }
  }

  private async readHistory(name: string): Promise<void> {
    try {
      const { slots } = (await this.ask("GET", `${at(name)}/slots?limit=50`)) as {
        readonly slots: readonly Slot[];
      };
      if (!this.view.histories.has(name)) return; // closed meanwhile
      this.change({ histories: new Map(this.view.histories).set(name, slots) });
    } catch (thrown) {
      this.blame(name, thrown);
    }
  }

  private async tried(name: string, act: () => Promise<unknown>, done: string): Promise<void> {
    this.forgive(name);
    try {
      await act();
      this.change({ said: done });
    } catch (thrown) {
      this.blame(name, thrown);
    }
    await this.reload();
  }

  private blame(name: string, thrown: unknown): void {
    this.change({ troubles: new Map(this.view.troubles).set(name, troubleOf(thrown)) });
  }

  // ---------------------------------------------------------------- writing one

  /** Begin a new one, of a flow where one is meant. */
  async begin(flow = ""): Promise<void> {
    await this.prepare();
    const { flows, zones } = this.view;
    const chosen = flow || (flows[0]?.flow ?? "");
    this.edit(null, newDraft(chosen, zones.local ?? "UTC", this.freeName(chosen)));
  }

  async open(name: string): Promise<void> {
    await this.prepare();
    const found = this.view.schedules.find((one) => one.name === name);
    if (found !== undefined) this.edit(name, draftOf(found));
  }

  /** The one schedule of a flow, or the form of its first; of several, let one be chosen. */
  async showFlow(flow: string): Promise<void> {
    await this.reload();
    const [one, ...more] = this.view.schedules.filter((each) => each.flow === flow);
    if (one === undefined) await this.begin(flow);
    else if (more.length === 0) await this.open(one.name);
    else this.close();
  }

  write(change: Partial<Draft>): void {
    const { editing } = this.view;
    if (editing !== null) this.edit(editing.of, { ...editing.draft, ...change }, editing.checked);
  }

  close(): void {
    clearTimeout(this.checking);
    this.change({ editing: null });
  }

  async save(): Promise<void> {
    const { editing } = this.view;
    if (editing === null || editing.saving) return;
    const { body, errors } = bodyOf(editing.draft, this.now(), this.trans);
    if (Object.keys(errors).length > 0) return;
    this.change({ editing: { ...editing, saving: true, refused: null } });
    const name = editing.draft.name.trim();
    try {
      await this.ask("PUT", at(name), body);
      this.change({ editing: null, said: this.trans.__("%1 was saved", name) });
      await this.reload();
    } catch (thrown) {
      this.change({ editing: { ...editing, saving: false, refused: troubleOf(thrown) } });
    }
  }

  private edit(of: string | null, draft: Draft, checked: Checked | null = null): void {
    const editing = { of, draft, checked, current: false, saving: false, refused: null };
    this.change({ editing });
    clearTimeout(this.checking);
    this.checking = setTimeout(() => void this.check(editing), STOPPED);
  }

  private async check(editing: Editing): Promise<void> {
    const { body, errors } = bodyOf(editing.draft, this.now(), this.trans);
    if (Object.keys(errors).length > 0) return;
    try {
      const checked = (await this.ask("POST", "schedules/check", body)) as Checked;
      if (this.view.editing === editing)
        this.change({ editing: { ...editing, checked, current: true } });
    } catch (thrown) {
      if (this.view.editing === editing)
        this.change({ editing: { ...editing, refused: troubleOf(thrown) } });
    }
  }

  /** What a form offers to choose from; it can be filled in without. */
  private async prepare(): Promise<void> {
    const [flows, zones] = await Promise.allSettled([
      this.ask("GET", "flows"),
      this.ask("GET", "timezones"),
    ]);
    this.change({
      ...(flows.status === "fulfilled" ? (flows.value as Pick<View, "flows">) : {}),
      ...(zones.status === "fulfilled" ? { zones: zones.value as Zones } : {}),
    });
  }

  private freeName(flow: string): string {
    const taken = new Set(this.view.schedules.map((one) => one.name));
    let name = flow;
    for (let n = 2; taken.has(name); n += 1) name = `${flow}-${n}`;
    return name;
  }

  private change(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    for (const hearer of [...this.hearers]) hearer();
  }
}

function at(name: string): string {
  return `schedules/${encodeURIComponent(name)}`;
}

function troubleOf(thrown: unknown): Trouble {
  if (thrown instanceof PageError) return { message: thrown.message, hint: thrown.hint };
  return { message: String(thrown), hint: "" };
}
