/** What can be done with runs: when, and how. Each refusal is said at the run it was asked of. */
import { failureOf, type Replay } from "./api";
import { asked } from "./filter";
import type { RunsModel } from "./model";
import { going, type RunRow, shortId } from "./run";

export const ACTIONS = [
  "view",
  "rerun",
  "replay",
  "cancel",
  "pause",
  "resume",
  "pin",
  "unpin",
  "delete",
  "compare",
  "copy-id",
] as const;
export type ActionName = (typeof ACTIONS)[number];

/** Whether an action means something for these runs. */
export function possible(name: ActionName, runs: readonly RunRow[]): boolean {
  if (runs.length === 0) return false;
  switch (name) {
    case "view":
    case "rerun":
    case "replay":
      return runs.length === 1;
    case "compare":
      return runs.length === 2;
    case "copy-id":
      return true;
    case "cancel":
      return runs.some(going);
    case "pause":
      return runs.some((run) => going(run) && !run.paused);
    case "resume":
      return runs.some((run) => going(run) && run.paused);
    case "pin":
      return runs.some(({ pinned }) => !pinned);
    case "unpin":
      return runs.every(({ pinned }) => pinned);
    case "delete":
      return runs.some((run) => !going(run));
  }
}

/** What is asked of the user before something is done. */
export interface Asker {
  confirm(title: string, lines: readonly string[], verb: string): Promise<boolean>;
  /** As `confirm`, but the answer has to be typed. */
  typed(title: string, lines: readonly string[], verb: string, word: string): Promise<boolean>;
  replay(run: RunRow, nodes: readonly string[]): Promise<Replay | null>;
}

/** The rest of the application. */
export interface Around {
  open(run: string): Promise<void>;
  compare(a: string, b: string): Promise<void>;
  copy(text: string): Promise<void>;
}

/** From this many on a deletion has to be typed. */
export const MANY = 100;

export class Actions {
  constructor(
    private readonly model: RunsModel,
    private readonly asker: Asker,
    private readonly around: Around,
  ) {}

  async do(name: ActionName, runs: readonly RunRow[]): Promise<void> {
    if (!possible(name, runs)) return;
    for (const { id } of runs) this.model.forgive(id);
    const [one, other] = runs as [RunRow, RunRow | undefined];
    const { trans } = this.model;
    switch (name) {
      case "view":
        return this.of(one, () => this.around.open(one.id));
      case "rerun":
        return this.of(one, async () => {
          const id = await this.model.api.rerun(one.id);
          this.model.report(trans.__("Run again as %1", shortId(id)));
        });
      case "replay":
        return this.of(one, () => this.replay(one));
      case "compare":
        return this.of(one, () => this.around.compare(one.id, other?.id ?? one.id));
      case "copy-id":
        return this.of(one, async () => {
          await this.around.copy(runs.map(({ id }) => id).join("\n"));
          this.model.report(trans._n("Id copied", "%1 ids copied", runs.length));
        });
      case "delete":
        return this.delete(runs.filter((run) => !going(run)));
      default:
        return this.change(name, runs);
    }
  }

  /** Delete all that match the filter: counted first, and only what was there when it was. */
  async deleteMatching(): Promise<void> {
    const { model } = this;
    const { trans } = model;
    model.forgive("");
    if (!model.narrowed || model.nothingToAsk) {
      const message = trans.__("Without a filter every run would be deleted.");
      const hint = trans.__("Narrow the list first: by status, flow, or when runs started.");
      model.refuse("", { message, hint, kind: "refused" });
      return;
    }
    try {
      const now = Date.now();
      const which = { until: new Date(now).toISOString(), ...asked(model.effective, now) };
      const { count, skipped } = await model.api.deleteWhere(which, true);
      const staying = stay(model, skipped);
      if (count === 0) {
        model.report([trans.__("There is nothing to delete."), staying].join(" ").trim());
        return;
      }
      const title = trans._n("Delete %1 run?", "Delete %1 runs?", count);
      const lines = [...lost(model), staying].filter((line) => line !== "");
      const verb = trans.__("Delete");
      const sure =
        count > MANY
          ? await this.asker.typed(title, lines, verb, String(count))
          : await this.asker.confirm(title, lines, verb);
      if (!sure) return;
      const done = await model.api.deleteWhere(which, false);
      model.reload(false);
      const went = trans._n("%1 run deleted.", "%1 runs deleted.", done.count);
      model.report([went, stay(model, done.skipped)].join(" ").trim());
    } catch (thrown) {
      model.refuse("", failureOf(thrown));
    }
  }

  private async delete(runs: readonly RunRow[]): Promise<void> {
    const { model } = this;
    const { trans } = model;
    const [one] = runs as [RunRow];
    const title =
      runs.length === 1
        ? trans.__("Delete this run of %1?", one.flow)
        : trans._n("Delete %1 run?", "Delete %1 runs?", runs.length);
    const pinned = runs.filter((run) => run.pinned).length;
    const verb = pinned > 0 ? trans.__("Unpin and Delete") : trans.__("Delete");
    const lines = [...kept(model, pinned, runs.length), ...lost(model)];
    if (!(await this.asker.confirm(title, lines, verb))) return;
    let went = 0;
    for (const run of runs) {
      await this.of(run, async () => {
        const { count } = await model.api.delete(run.id, run.pinned);
        model.told([], [run.id]);
        went += count;
      });
    }
    if (went > 0) model.report(trans._n("%1 run deleted.", "%1 runs deleted.", went));
    model.focus();
  }

  private async replay(run: RunRow): Promise<void> {
    const { model } = this;
    const nodes = await model.api.nodes(run.id);
    const how = await this.asker.replay(run, nodes);
    if (how === null) return;
    const id = await model.api.replay(run.id, how);
    model.report(model.trans.__("Replayed as %1", shortId(id)));
  }

  private async change(name: ActionName, runs: readonly RunRow[]): Promise<void> {
    const { model } = this;
    const { trans } = model;
    const which = runs.filter((run) => possible(name, [run]));
    let done = 0;
    for (const run of which)
      await this.of(run, async () => {
        if (name === "pin" || name === "unpin")
          model.told([{ ...run, ...(await model.api.pin(run.id, name === "pin")) }], []);
        else await model.api.control(run.id, name as "cancel" | "pause" | "resume");
        done += 1;
      });
    if (done === 0) return;
    const words: Partial<Record<ActionName, string>> = {
      pin: trans._n("Pinned: it is kept for good.", "%1 runs pinned.", done),
      unpin: trans._n("No longer pinned.", "%1 runs are no longer pinned.", done),
      cancel: trans._n("Asked to stop.", "%1 runs asked to stop.", done),
      pause: trans._n(
        "Asked to pause: what runs ends first.",
        "%1 runs asked to pause: what runs ends first.",
        done,
      ),
      resume: trans._n("Asked to go on.", "%1 runs asked to go on.", done),
    };
    model.report(words[name] ?? "");
  }

  private async of(run: RunRow, what: () => Promise<void>): Promise<void> {
    try {
      await what();
    } catch (thrown) {
      this.model.refuse(run.id, failureOf(thrown));
    }
  }
}

function lost({ trans }: RunsModel): readonly string[] {
  return [
    trans.__("Events, values and logs are deleted for good, with the runs started as sub-flows."),
    trans.__("Files that were written stay, and so does the notebook. The audit says who did it."),
  ];
}

/** That somebody wanted to keep some of them. */
function kept({ trans }: RunsModel, pinned: number, all: number): readonly string[] {
  if (pinned === 0) return [];
  if (all === 1) return [trans.__("It is pinned: somebody wanted to keep it for good.")];
  return [
    trans._n(
      "%1 of them is pinned: somebody wanted to keep it for good.",
      "%1 of them are pinned: somebody wanted to keep them for good.",
      pinned,
    ),
  ];
}

function stay({ trans }: RunsModel, skipped: number): string {
  if (skipped === 0) return "";
  return trans._n(
    "%1 run stays: it goes on, waits or is pinned.",
    "%1 runs stay: they go on, wait or are pinned.",
    skipped,
  );
}
