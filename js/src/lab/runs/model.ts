/**
 * What the panel shows: the list, its filter, what is chosen, and what was said. One place that the
 * view, the commands and the server's news all go through.
 */
import { failureOf, type RunsApi } from "./api";
import { asked, EVERYTHING, type Filter, matches, narrowing } from "./filter";
import { canAskMore, type Failure, type List, NOTHING, type Step, step } from "./list";
import { Live, type LiveState, type Socket } from "./live";
import { type FlowSummary, going, type RunRow } from "./run";
import { kept, NOBODY, type Selection } from "./selection";
import type { Words } from "./words";
import { statusWord } from "./words";

export interface View {
  readonly list: List;
  readonly filter: Filter;
  /** Only runs of the notebook in front. */
  readonly only: boolean;
  /** Path of the notebook in front. */
  readonly notebook: string | null;
  readonly flows: readonly FlowSummary[];
  readonly selection: Selection;
  readonly live: LiveState;
  /** The filter as the server writes it. */
  readonly sql: string;
  /** Runs whose whole error is shown. */
  readonly open: ReadonlySet<string>;
  /** What could not be done, by the run it was asked of; '' is of no run. */
  readonly refused: ReadonlyMap<string, Failure>;
  /** What was done, to be read where it is shown. */
  readonly done: string;
  /** What is told to screen readers. */
  readonly said: string;
  /** Counts requests to put the focus on the active row. */
  readonly focus: number;
}

const QUIET = 2_500;
/** Milliseconds that news are gathered before they are said. */

export class RunsModel {
  view: View = {
    ...{ list: NOTHING, filter: EVERYTHING, only: false, notebook: null, flows: [] },
    ...{ selection: NOBODY, live: "off", sql: "", open: new Set(), refused: new Map() },
    ...{ done: "", said: "", focus: 0 },
  };
  pageSize = 20;
  /** The user looks at the newest runs. */
  atTop = true;
  readonly live: Live;
  private readonly hearers = new Set<() => void>();
  private heard: string[] = [];
  private saying: ReturnType<typeof setTimeout> | null = null;
  private started = false;

  constructor(
    readonly api: RunsApi,
    open: (since: number | null) => Socket,
    readonly trans: Words,
    private readonly now: () => number = Date.now,
  ) {
    this.live = new Live(open, {
      heard: ({ runs, gone }) => this.told(runs, gone),
      lost: () => this.reload(true),
      turned: (live) => this.set({ live }),
    });
  }

  // ------------------------------------------------------------ being looked at

  readonly subscribe = (callback: () => void): (() => void) => {
    this.hearers.add(callback);
    return () => this.hearers.delete(callback);
  };

  readonly look = (): View => this.view;

  /** The panel is shown: news first, so that nothing falls between them and the page. */
  start(): void {
    this.live.start();
    if (this.started) return;
    this.started = true;
    this.reload(false);
  }

  stop(): void {
    this.live.stop();
  }

  // ------------------------------------------------------------ which runs

  /** The filter that the server is asked with: the one shown, and the notebook's flow. */
  get effective(): Filter {
    const { filter, only } = this.view;
    if (!only) return filter;
    const flows = this.flowsInFront();
    const flow = flows.includes(filter.flow) ? filter.flow : (flows[0] ?? "");
    return { ...filter, flow };
  }

  /** The flows of the notebook in front, the one that ran last first. */
  flowsInFront(): readonly string[] {
    const { flows, notebook } = this.view;
    const began = ({ last_run }: FlowSummary) => last_run?.started_at ?? "";
    return flows
      .filter((one) => one.notebook !== null && one.notebook === notebook)
      .sort((one, other) => (began(one) < began(other) ? 1 : -1))
      .map(({ flow }) => flow);
  }

  /** The notebook in front has no runs, and only its are wanted. */
  get nothingToAsk(): boolean {
    return this.view.only && this.flowsInFront().length === 0;
  }

  get narrowed(): boolean {
    return this.view.only || narrowing(this.view.filter).length > 0;
  }

  setFilter(filter: Filter): void {
    if (JSON.stringify(filter) === JSON.stringify(this.view.filter)) return;
    this.set({ filter });
    this.reload(false);
  }

  setOnly(only: boolean): void {
    if (only === this.view.only) return;
    this.set({ only });
    this.reload(false);
  }

  setNotebook(notebook: string | null): void {
    if (notebook === null || notebook === this.view.notebook) return;
    const before = this.view.only ? this.effective.flow : "";
    this.set({ notebook });
    if (this.view.only && this.started && before !== this.effective.flow) this.reload(false);
  }

  /** Read the list anew; with `keep` what is shown stays until it comes. */
  reload(keep: boolean): void {
    if (!this.started) return;
    this.set({ refused: new Map(), done: "" });
    this.step({ type: "asked", keep });
    const flows = this.readFlows();
    // Which flow a notebook has is theirs to say; anything else need not wait for them.
    if (this.view.only) void flows.then((known) => known && this.readPage(null));
    else this.readPage(null);
  }

  more(): void {
    const { list } = this.view;
    if (!canAskMore(list)) return;
    this.step({ type: "more" });
    this.readPage(list.next);
  }

  release(): void {
    this.step({ type: "release" });
    this.atTop = true;
  }

  /** Runs as they are now, by the server's word or its news. */
  told(runs: readonly RunRow[], gone: readonly string[]): void {
    const now = this.now();
    this.gather(runs);
    const filter = this.effective;
    const nothing = this.nothingToAsk;
    this.step({
      ...{ type: "told", runs, gone, hold: !this.atTop },
      matches: (run) => !nothing && matches(filter, run, now),
    });
    if (runs.some((run) => !this.view.flows.some(({ flow }) => flow === run.flow)))
      void this.readFlows().then((known) => known && nothing && this.reload(true));
  }

  row(id: string): RunRow | undefined {
    return this.view.list.rows.find((run) => run.id === id);
  }

  /** The chosen runs, in the order of the list. */
  chosen(): readonly RunRow[] {
    const { chosen } = this.view.selection;
    return this.view.list.rows.filter(({ id }) => chosen.has(id));
  }

  /** What a key or a menu means: the chosen runs, if the one with the focus is among them. */
  targets(): readonly RunRow[] {
    const { active, chosen } = this.view.selection;
    if (active === null || chosen.has(active)) return this.chosen();
    const row = this.row(active);
    return row === undefined ? [] : [row];
  }

  // ------------------------------------------------------------ what is shown of it

  select(selection: Selection): void {
    if (selection !== this.view.selection) this.set({ selection });
  }

  toggleOpen(id: string): void {
    const open = new Set(this.view.open);
    if (!open.delete(id)) open.add(id);
    this.set({ open });
  }

  refuse(run: string, failure: Failure): void {
    const words = [failure.message, failure.hint].filter(Boolean).join(" ");
    this.set({ refused: new Map(this.view.refused).set(run, failure), said: words });
  }

  forgive(run: string): void {
    if (!this.view.refused.has(run)) return;
    const refused = new Map(this.view.refused);
    refused.delete(run);
    this.set({ refused });
  }

  /** Done: shown, and told to screen readers. */
  report(done: string): void {
    this.set({ done, said: done });
  }

  /** Only told. */
  say(said: string): void {
    this.set({ said });
  }

  focus(): void {
    this.set({ focus: this.view.focus + 1 });
  }

  // ------------------------------------------------------------ how

  /** False when another filter was set meanwhile. */
  private async readFlows(): Promise<boolean> {
    const { generation } = this.view.list;
    try {
      this.set({ flows: await this.api.flows() });
    } catch {
      // A list can be shown without them; the page says why nothing comes.
    }
    return generation === this.view.list.generation;
  }

  private readPage(cursor: string | null): void {
    const { generation } = this.view.list;
    if (this.nothingToAsk) {
      this.step({ type: "page", generation, page: { runs: [], next: null } });
      return;
    }
    this.api.page(asked(this.effective, this.now()), this.pageSize, cursor).then(
      (page) => {
        if (page.sql !== undefined && generation === this.view.list.generation)
          this.set({ sql: page.sql });
        this.step({ type: "page", generation, page });
      },
      (thrown) => this.step({ type: "failed", generation, failure: failureOf(thrown) }),
    );
  }

  private step(what: Step): void {
    const before = this.view.list;
    const list = step(before, what);
    if (list === before) return;
    const ids = list.rows.map(({ id }) => id);
    const selection =
      list.rows === before.rows
        ? this.view.selection
        : kept(
            this.view.selection,
            before.rows.map(({ id }) => id),
            ids,
          );
    this.set({ list, selection });
  }

  /** What changed in sight, in words, said once in a while. */
  private gather(runs: readonly RunRow[]): void {
    const { trans } = this;
    for (const run of runs) {
      const known = this.row(run.id);
      if (known !== undefined && known.status !== run.status)
        this.heard.push(trans.__("%1: %2", run.flow, statusWord(trans, run.status)));
      else if (known === undefined && going(run))
        this.heard.push(trans.__("New run of %1", run.flow));
    }
    if (this.heard.length === 0 || this.saying !== null) return;
    this.saying = setTimeout(() => {
      const { heard } = this;
      this.heard = [];
      this.saying = null;
      const many = trans._n("%1 run changed", "%1 runs changed", heard.length);
      this.say(heard.length > 3 ? many : heard.join(". "));
    }, QUIET);
  }

  private set(part: Partial<View>): void {
    this.view = { ...this.view, ...part };
    for (const hearer of [...this.hearers]) hearer();
  }
}
