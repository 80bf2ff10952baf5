/**
 * The JupyterLab extension: how to begin a flow, how to see it, and the link between a notebook and
 * its kernel's flow. The canvas itself is the anywidget module; this only opens it. Every token is optional but the notebooks, so Notebook 7
 * and slim distributions load it as well.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { LabIcon } from "@jupyterlab/ui-components";
import flowSvg from "../style/flow.svg";
import { type CanvasArea, canvasArea } from "./lab/canvasArea";
import { linkNotebooks } from "./lab/links";
import { starterNotebook } from "./lab/starter";

const PLUGIN = "flowbook:plugin";
const NEW = "flowbook:new-notebook";
const SHOW = "flowbook:show-canvas";
const CATEGORY = "Flow";

const flowIcon = new LabIcon({ name: "flowbook:flow", svgstr: flowSvg });

interface Settings {
  readonly flowName: string;
  readonly place: "split-right" | "split-bottom";
}

class FlowCommands {
  private readonly open = new Map<string, CanvasArea>();
  private settings: Settings = { flowName: "flow", place: "split-right" };

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly notebooks: INotebookTracker,
    private readonly trans: TranslationBundle,
  ) {}

  follow(settings: ISettingRegistry.ISettings): void {
    const read = () => {
      this.settings = {
        flowName: settings.get("flowName").composite as Settings["flowName"],
        place: settings.get("place").composite as Settings["place"],
      };
    };
    read();
    settings.changed.connect(read);
  }

  register(folder: () => string): void {
    const { commands } = this.app;
    commands.addCommand(NEW, {
      label: (args) =>
        args.isPalette ? this.trans.__("New Flow Notebook") : this.trans.__("Flow Notebook"),
      caption: this.trans.__("A notebook with the first two nodes of a flow"),
      icon: flowIcon,
      execute: (args) => this.create(typeof args.cwd === "string" ? args.cwd : folder()),
    });
    commands.addCommand(SHOW, {
      label: this.trans.__("Show Flow Canvas"),
      caption: this.trans.__("Show this notebook's flow as a canvas"),
      icon: flowIcon,
      isEnabled: () => this.notebooks.currentWidget !== null,
      execute: () => this.show(),
    });
    this.notebooks.currentChanged.connect(() => commands.notifyCommandChanged(SHOW));
  }

  /** A new notebook file with the starter cells, opened. */
  private async create(folder: string): Promise<unknown> {
    const { contents } = this.app.serviceManager;
    const file = await contents.newUntitled({ path: folder, type: "notebook" });
    const content = starterNotebook(
      this.trans.__("A flow"),
      inWords(
        this.trans.__("Run the cells; each `{cell}` cell is a node. Then press Run on the canvas."),
      ),
    );
    await contents.save(file.path, { type: "notebook", format: "json", content });
    return this.app.commands.execute("docmanager:open", { path: file.path });
  }

  private async show(): Promise<void> {
    const panel = this.notebooks.currentWidget;
    if (panel === null) return;
    const area = this.open.get(panel.id) ?? this.add(panel);
    this.app.shell.activateById(area.tab.id);
    if (await area.show()) return;
    area.tab.dispose();
    Notification.warning(
      inWords(
        this.trans.__(
          "This notebook has no flow in its kernel yet. Run the cell with {load} and the {cell} cells first.",
        ),
      ),
      { autoClose: 8000 },
    );
  }

  private add(panel: NotebookPanel): CanvasArea {
    const label = this.trans.__("Flow: %1", panel.title.label);
    const area = canvasArea(panel, this.settings.flowName, label, flowIcon);
    this.open.set(panel.id, area);
    area.tab.disposed.connect(() => this.open.delete(panel.id));
    this.app.shell.add(area.tab, "main", { mode: this.settings.place, ref: panel.id });
    return area;
  }
}

/** A translated text with our magics in it: the translator itself eats percent signs. */
function inWords(text: string): string {
  return text.replace("{cell}", "%%flow").replace("{load}", "%load_ext flowbook");
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: "Flow notebooks and their canvas.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator, ICommandPalette, ILauncher, IDefaultFileBrowser, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null,
    registry: ISettingRegistry | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("flowbook");
    const flows = new FlowCommands(app, notebooks, trans);
    flows.register(() => browser?.model.path ?? "");
    linkNotebooks(notebooks, app.serviceManager.kernels);
    palette?.addItem({ command: NEW, category: CATEGORY, args: { isPalette: true } });
    palette?.addItem({ command: SHOW, category: CATEGORY });
    launcher?.add({ command: NEW, category: "Notebook", rank: 5 });
    registry?.load(PLUGIN).then(
      (settings) => flows.follow(settings),
      (reason) => console.warn(`flowbook: settings could not be loaded: ${reason}`),
    );
  },
};

export default plugin;
