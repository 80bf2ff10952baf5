/** The run history in JupyterLab's left area: what is wired to what. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { Clipboard, ICommandPalette } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStateDB } from "@jupyterlab/statedb";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { LabIcon } from "@jupyterlab/ui-components";
import runsSvg from "../../../style/runs.svg";
import { Actions } from "./actions";
import { lineOfNews, Refused, RunsServer } from "./api";
import { notebookInFront, openAsCell } from "./cell";
import { registerRunsCommands } from "./commands";
import { LabAsker } from "./dialogs";
import { readFilter } from "./filter";
import { RunsModel } from "./model";
import type { Outside } from "./Panel";
import { RunsPanel } from "./widget";
import type { Words } from "./words";

const PLUGIN = "flowbook:runs";
const STATE = "flowbook:runs";
const SAVING = 500;
/** Milliseconds after a change of the filter until it is kept. */

const runsIcon = new LabIcon({ name: "flowbook:runs", svgstr: runsSvg });

export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: "The history of runs: listed, narrowed, and acted upon.",
  autoStart: true,
  optional: [
    INotebookTracker,
    ITranslator,
    ISettingRegistry,
    ICommandPalette,
    ILayoutRestorer,
    IStateDB,
  ],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("flowbook");
    const { serverSettings } = app.serviceManager;
    const api = new RunsServer(serverSettings);
    const model = new RunsModel(api, (since) => lineOfNews(serverSettings, since), trans);
    const actions = new Actions(model, new LabAsker(trans), around(app, trans));
    const outside = outsideOf(app, notebooks, model, actions, trans);
    const ready = prepared(model, registry, state).then(() => keepFilter(model, state));
    const panel = new RunsPanel(model, outside, ready);
    panel.title.icon = runsIcon;
    panel.title.caption = trans.__("Run History");
    panel.node.setAttribute("role", "region");
    panel.node.setAttribute("aria-label", trans.__("Run History"));
    const reveal = () => app.shell.activateById(panel.id);
    registerRunsCommands({ app, model, actions, outside, trans, icon: runsIcon, reveal }, palette);
    followFront(app, model);
    window.addEventListener("online", () => model.live.retry());
    app.shell.add(panel, "left", { rank: 450, type: "Run History" });
    restorer?.add(panel, panel.id);
  },
};

/** Runs are shown and compared by others; where nobody does, that is said. */
function around(app: JupyterFrontEnd, trans: Words) {
  const ask = async (command: string, args: Record<string, string>) => {
    if (!app.commands.hasCommand(command))
      throw new Refused({
        message: trans.__("This JupyterLab cannot show it."),
        hint: trans.__("Load the page again; if that does not help, install flowbook anew."),
        kind: "refused",
      });
    await app.commands.execute(command, args);
  };
  return {
    open: (run: string) => ask("flowbook:open-run", { run }),
    compare: (a: string, b: string) => ask("flowbook:compare-runs", { a, b }),
    copy: async (text: string) => Clipboard.copyToSystem(text),
  };
}

function outsideOf(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker | null,
  model: RunsModel,
  actions: Actions,
  trans: Words,
): Outside {
  return {
    do: (name, id) => {
      const one = id === null ? undefined : model.row(id);
      void actions.do(name, one === undefined ? model.chosen() : [one]);
    },
    deleteMatching: () => void actions.deleteMatching(),
    copySql: () => {
      Clipboard.copyToSystem(model.view.sql);
      model.report(trans.__("SQL copied"));
    },
    openCell: () => {
      const panel = notebookInFront(app, notebooks);
      if (panel !== null) openAsCell(app, panel, model.view.sql);
    },
    noCell: () =>
      notebookInFront(app, notebooks) === null ? trans.__("Open a notebook to put a cell in.") : "",
    newFlow: () => void app.commands.execute("flowbook:new-notebook"),
  };
}

/** The notebook in front, in whichever view; what is no document changes nothing. */
function followFront(app: JupyterFrontEnd, model: RunsModel): void {
  const look = () => {
    const current = app.shell.currentWidget as {
      readonly context?: { readonly localPath?: unknown };
    } | null;
    const path = current?.context?.localPath;
    if (typeof path === "string" && path.endsWith(".ipynb")) model.setNotebook(path);
  };
  void app.restored.then(look);
  (
    app.shell as { readonly currentChanged?: { connect(callback: () => void): void } }
  ).currentChanged?.connect(look);
}

/** The filter as it was left, or as the settings have it. */
async function prepared(
  model: RunsModel,
  registry: ISettingRegistry | null,
  state: IStateDB | null,
): Promise<void> {
  const [settings, kept] = await Promise.all([
    registry?.load(PLUGIN).catch(() => null),
    state?.fetch(STATE).catch(() => undefined),
  ]);
  const read = () => {
    const size = Number(settings?.composite.pageSize);
    if (size > 0) model.pageSize = Math.min(Math.max(size, 5), 200);
  };
  read();
  settings?.changed.connect(read);
  const { filter, only } = (kept ?? {}) as Record<string, unknown>;
  model.setFilter(readFilter(filter ?? settings?.composite.defaultFilter));
  model.setOnly(only === true);
}

function keepFilter(model: RunsModel, state: IStateDB | null): void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let { filter, only } = model.view;
  model.subscribe(() => {
    const { view } = model;
    if (view.filter === filter && view.only === only) return;
    ({ filter, only } = view);
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => void state?.save(STATE, { filter: { ...filter }, only }), SAVING);
  });
}
