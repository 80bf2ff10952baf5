/** Pages of recorded runs, and of two that are compared: what is wired to what. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, MainAreaWidget, WidgetTracker } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { RUNS } from "../runs/commands";
import { Acts, RUN_COMMANDS } from "./acts";
import { asking } from "./api";
import { Following, lineTo } from "./following";
import { leadToRuns } from "./report";
import { type RunAround, RunView } from "./runView";

type RunPages = WidgetTracker<MainAreaWidget<RunView>>;

export const runPlugin: JupyterFrontEndPlugin<void> = {
  id: "flowbook:run",
  description: "One recorded run on a canvas, at any moment of it; and two of them compared.",
  autoStart: true,
  optional: [ITranslator, ILayoutRestorer, INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("flowbook");
    const { serverSettings } = app.serviceManager;
    const ask = asking(serverSettings);
    const following = new Following(lineTo(serverSettings));
    window.addEventListener("online", () => following.retry());
    const acts = new Acts(app, ask, trans);
    const history = () => void app.commands.execute(RUNS.show);
    const act: RunAround["act"] = (view, what) => acts.do(view, what);
    const around: RunAround = { ask, following, trans, act, history };
    const alone: RunPages = new WidgetTracker({ namespace: "flowbook-runs" });
    const compared: RunPages = new WidgetTracker({ namespace: "flowbook-compared-runs" });

    const show = (pages: RunPages, run: string, against: string | null) => {
      const known = pages.find(({ content }) => content.run === run && content.against === against);
      const page = known ?? pageOf(new RunView(run, against, around));
      if (known === undefined) void pages.add(page);
      if (!page.isAttached) app.shell.add(page, "main");
      app.shell.activateById(page.id);
      return page;
    };
    app.commands.addCommand(RUN_COMMANDS.open, {
      label: trans.__("Open Run"),
      execute: ({ run }) => (typeof run === "string" ? show(alone, run, null) : undefined),
    });
    app.commands.addCommand(RUN_COMMANDS.compare, {
      label: trans.__("Compare Runs"),
      execute: ({ a, b }) =>
        typeof a === "string" && typeof b === "string" ? show(compared, b, a) : undefined,
    });
    if (notebooks !== null) {
      leadToRuns(app, notebooks, trans);
      palette?.addItem({ command: RUN_COMMANDS.report, category: trans.__("Flow") });
    }
    void restorer?.restore(alone, {
      command: RUN_COMMANDS.open,
      args: ({ content }) => ({ run: content.run }),
      name: ({ content }) => `run:${content.run}`,
    });
    void restorer?.restore(compared, {
      command: RUN_COMMANDS.compare,
      args: ({ content }) => ({ a: content.against, b: content.run }),
      name: ({ content }) => `runs:${content.against}:${content.run}`,
    });
  },
};

function pageOf(content: RunView): MainAreaWidget<RunView> {
  const page = new MainAreaWidget({ content });
  page.id = `flowbook-run-${content.against ?? ""}-${content.run}`;
  page.toolbar.hide();
  page.addClass("flowbook-run-page");
  return page;
}
