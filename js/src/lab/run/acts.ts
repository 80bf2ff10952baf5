/** What the page of a run has JupyterLab do. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { InputDialog } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { PageAct } from "../../protocol/runPage";
import { FACTORY } from "../flowDocument";
import type { Ask } from "./api";
import { cellOf, openHere } from "./here";
import { type RunView, short } from "./runView";

export const RUN_COMMANDS = {
  open: "flowbook:open-run",
  compare: "flowbook:compare-runs",
  report: "flowbook:open-run-of-report",
} as const;

const MOST_OFFERED = 50;

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly started_at: string;
}

export class Acts {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly ask: Ask,
    private readonly trans: TranslationBundle,
  ) {}

  /** What came of it, in words; empty where that is to be seen. */
  async do(view: RunView, act: PageAct): Promise<string> {
    const { app } = this;
    switch (act.do) {
      case "open":
        await app.commands.execute(RUN_COMMANDS.open, { run: act.run });
        return "";
      case "compare": {
        const other = act.other ?? (await this.choose(view, act.run));
        if (other !== null)
          await app.commands.execute(RUN_COMMANDS.compare, { a: other, b: act.run });
        return "";
      }
      case "notebook":
        return this.openNotebook(view, act.node ?? null);
      case "failing":
        return this.openHere(view, null);
      case "here":
        return this.openHere(view, act.seq);
      case "deleted":
        view.parent?.close();
        return "";
    }
  }

  /** A moment of the run in the kernel of its notebook; where it failed for null. */
  private async openHere(view: RunView, at: number | null): Promise<string> {
    const { app, trans } = this;
    const path = view.row?.notebook;
    if (!path) return this.homeless(view);
    if (await openHere(app, path, cellOf(view.run, at))) return "";
    return trans.__("The notebook has no kernel. Choose one for it, and try again.");
  }

  private homeless({ row }: RunView): string {
    return this.trans.__(
      "No notebook below the folder of this server has the flow %1.",
      row?.flow ?? "",
    );
  }

  /** Show the notebook of the run as a flow, and a node of it. */
  private async openNotebook(view: RunView, node: string | null): Promise<string> {
    const { app } = this;
    const path = view.row?.notebook;
    if (!path) return this.homeless(view);
    const opened = await app.commands.execute("docmanager:open", { path, factory: FACTORY });
    if (node !== null) opened?.content?.handle?.reveal(node);
    return "";
  }

  /** Another run of the same flow, as somebody chooses it. */
  private async choose(view: RunView, run: string): Promise<string | null> {
    const { trans } = this;
    const flow = encodeURIComponent(view.row?.flow ?? "");
    const path = `runs?flow=${flow}&limit=${MOST_OFFERED}`;
    const { runs } = (await this.ask("GET", path)) as { runs: readonly Listed[] };
    const others = runs.filter((one) => one.id !== run);
    const items = others.map(
      (one) => `${short(one.id)}  ${one.status}  ${new Date(one.started_at).toLocaleString()}`,
    );
    if (items.length === 0) return null;
    const { button, value } = await InputDialog.getItem({
      title: trans.__("Compare with which run?"),
      items,
      label: trans.__("The earlier one stands before, this one after."),
    });
    return button.accept && value !== null ? (others[items.indexOf(value)]?.id ?? null) : null;
  }
}
