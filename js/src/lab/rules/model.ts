/** The panel's state: which rules there are, what can be done with them, what was refused. */

import { PageError } from "../../protocol/runPage";
import type { Ask } from "../run/api";
import type { Words } from "../runs/words";
import { Again } from "./again";
import { freeName } from "./draft";
import { askedOf, type Delivery, patternOf, type Rule } from "./rule";
import { type Around, NOTHING, namesOf, troubleOf, type View } from "./view";
import { saidWords } from "./words";
import { Writing } from "./writing";

/** Milliseconds: how often it is looked while the panel is shown. */
const LOOKING = 10_000;
/** How many deliveries of a rule are shown. */
const SHOWN = 20;

export class RulesModel {
  private view: View = NOTHING;
  private readonly hearers = new Set<() => void>();
  private looking: ReturnType<typeof setInterval> | null = null;
  /** Counts what is asked: of two answers, the later question's counts. */
  private asked = 0;
  /** The rule that is being written. */
  readonly form: Writing;
  /** What is sent again. */
  readonly again: Again;

  constructor(
    private readonly ask: Ask,
    readonly trans: Words,
    private readonly around: Around,
  ) {
    const change = (made: Partial<View>) => this.change(made);
    this.form = new Writing({
      ask,
      trans,
      around,
      change,
      look: this.look,
      reload: () => this.reload(),
    });
    const readTold = (name: string) => this.readTold(name);
    this.again = new Again({ ask, trans, change, readTold, look: this.look });
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
      const { rules } = (await this.ask("GET", "notifications/rules")) as Pick<View, "rules">;
      if (asked !== this.asked) return;
      this.change({ rules, phase: "ready", failure: null });
      await Promise.all([...this.view.deliveries.keys()].map((name) => this.readTold(name)));
    } catch (thrown) {
      if (asked !== this.asked) return;
      this.change({ phase: "failed", failure: troubleOf(thrown) });
    }
  }

  // ---------------------------------------------------------------- one of them

  /** Begin with one step: tell here when a run of the flow, or of any, fails; its name. */
  async first(): Promise<string> {
    const { flow } = this.view;
    const name = freeName(flow ?? "", "failed", namesOf(this.view));
    const about = flow === null ? "*" : patternOf(flow);
    const asked = { name, when: { on: "failed" }, to: [{ channel: "lab" }], flow: about };
    const done = this.trans.__("%1 was made, and is on", name);
    await this.tried(
      "",
      () => this.ask("POST", "notifications/rules", { ...asked, enable: true }),
      done,
    );
    this.around.awake();
    return name;
  }

  async turn(name: string, on: boolean): Promise<void> {
    const done = on ? this.trans.__("%1 is on", name) : this.trans.__("%1 is off", name);
    const act = on ? "enable" : "disable";
    await this.tried(name, () => this.ask("POST", `${at(name)}/${act}`, {}), done);
    if (on) this.around.awake();
  }

  async remove(name: string): Promise<void> {
    const gone = this.trans.__("%1 was removed", name);
    await this.tried(name, () => this.ask("DELETE", at(name)), gone);
  }

  /** Send a word by a rule, to see whether it comes. */
  async say(rule: Rule): Promise<void> {
    this.forgive(rule.name);
    try {
      const sent = await this.form.sayBy(askedOf(rule));
      const words = saidWords(this.trans, sent);
      const failed = Object.values(sent).some((how) => how !== "sent");
      if (failed) this.blame(rule.name, new PageError(words, "", 0));
      this.change({ said: words });
    } catch (thrown) {
      this.blame(rule.name, thrown);
    }
  }

  forgive(name: string): void {
    const troubles = new Map(this.view.troubles);
    troubles.delete(name);
    this.change({ troubles });
  }

  /** Show who was told by it, or do not any more. */
  toggleTold(name: string): void {
    const deliveries = new Map(this.view.deliveries);
    if (deliveries.delete(name)) this.change({ deliveries, refusals: new Map() });
    else {
      this.change({ deliveries: deliveries.set(name, []) });
      void this.readTold(name);
    }
  }

  /** List what is about a flow, or all. */
  about(flow: string | null): void {
    this.form.close();
    this.change({ flow });
    void this.reload();
  }

  // ---------------------------------------------------------------- asking

  private async readTold(name: string): Promise<void> {
    try {
      const query = new URLSearchParams({ rule: name, limit: String(SHOWN) });
      const found = await this.ask("GET", `notifications/deliveries?${query}`);
      const { deliveries } = found as { readonly deliveries: readonly Delivery[] };
      if (!this.view.deliveries.has(name)) return; // closed meanwhile
      this.change({ deliveries: new Map(this.view.deliveries).set(name, deliveries) });
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

  private change(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    for (const hearer of [...this.hearers]) hearer();
  }
}

function at(name: string): string {
  return `notifications/rules/${encodeURIComponent(name)}`;
}
