/**
 * The JupyterLab extension: a notebook opened as a flow, the link between a notebook and its kernel's
 * flow, and the commands and menus of both. Every token is optional but the registry of documents, so
 * Notebook 7 and slim distributions load it as well.
 */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import {
  ICommandPalette,
  ISessionContextDialogs,
  IToolbarWidgetRegistry,
  WidgetTracker,
} from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import { IDefaultFileBrowser, IFileBrowserFactory } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { IMainMenu } from "@jupyterlab/mainmenu";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IPropertyInspectorProvider } from "@jupyterlab/property-inspector";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { registerCanvasCommands } from "./lab/canvasCommands";
import { COMMANDS } from "./lab/commandNames";
import { type Parts, registerCommands } from "./lab/commands";
import { Documents } from "./lab/documents";
import { FACTORY, type FlowDocument, FlowDocumentFactory } from "./lab/flowDocument";
import { Following } from "./lab/following";
import { flowIcon, flowUrl } from "./lab/icons";
import { addInspector } from "./lab/inspector";
import { Links } from "./lab/links";
import { joinMenus } from "./lab/menus";
import { noticesPlugin } from "./lab/notices/plugin";
import { fillPalette } from "./lab/palette";
import { drawWith } from "./lab/rendering";
import { RULES } from "./lab/rules/commandNames";
import { rulesPlugin } from "./lab/rules/plugin";
import { runPlugin } from "./lab/run/plugin";
import { runsPlugin } from "./lab/runs/plugin";
import { SCHEDULES, schedulesPlugin } from "./lab/schedules/plugin";
import { LiveSettings } from "./lab/settings";
import { addStatusItem } from "./lab/statusItem";
import { flowToolbar } from "./lab/toolbar";
import { speak } from "./lab/words";

const PLUGIN = "flowbook:plugin";

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: "Notebooks as flows: their canvas, and the link to their kernels.",
  autoStart: true,
  requires: [IDocumentManager],
  optional: [
    INotebookTracker,
    ITranslator,
    ISettingRegistry,
    ICommandPalette,
    IMainMenu,
    ILauncher,
    IStatusBar,
    ILayoutRestorer,
    IDefaultFileBrowser,
    IFileBrowserFactory,
    ISessionContextDialogs,
    IToolbarWidgetRegistry,
    IPropertyInspectorProvider,
    IRenderMimeRegistry,
  ],
  activate: (
    app: JupyterFrontEnd,
    docs: IDocumentManager,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null,
    menus: IMainMenu | null,
    launcher: ILauncher | null,
    bar: IStatusBar | null,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null,
    browsers: IFileBrowserFactory | null,
    dialogs: ISessionContextDialogs | null,
    bars: IToolbarWidgetRegistry | null,
    inspectors: IPropertyInspectorProvider | null,
    renderers: IRenderMimeRegistry | null,
  ) => {
    drawWith(renderers);
    const language = translator ?? nullTranslator;
    const trans = language.load("flowbook");
    speak(trans);
    const settings = new LiveSettings();
    const toolbar = flowToolbar({
      ...{ registry: bars, settings: registry, plugin: PLUGIN, dialogs, translator: language },
    });
    registry?.load(PLUGIN).then(
      (loaded) => settings.follow(loaded),
      (reason) => console.warn(`flowbook: settings could not be loaded: ${reason}`),
    );
    const links = new Links(app.serviceManager);
    if (notebooks !== null) links.follow(notebooks);
    const flows = new WidgetTracker<FlowDocument>({ namespace: "flowbook" });
    const documents = new Documents(docs, flows, notebooks, settings);
    const factory = new FlowDocumentFactory({
      ...{ registry: app.docRegistry, links, settings, toolbar, trans },
      contents: app.serviceManager.contents,
      translator: language,
      icon: flowIcon,
      schedule: (flow) => void app.commands.execute(SCHEDULES.show, { flow }),
      notify: (flow) => void app.commands.execute(RULES.show, { flow }),
      hasNotebook: (context) => documents.notebookOf(context) !== undefined,
      onNotebookClosed: (context, callback) => documents.onNotebookClosed(context, callback),
    });
    const following = new Following(documents, notebooks, settings);
    const parts: Parts = {
      ...{ app, documents, following, notebooks, browsers, dialogs, settings, trans },
      icon: flowIcon,
      folder: () => browser?.model.path ?? "",
    };
    registerCommands(parts);
    registerCanvasCommands(parts, fillPalette(palette));
    if (menus !== null) joinMenus(menus);
    if (inspectors !== null) addInspector(inspectors, flows);
    if (bar !== null) addStatusItem(bar, app, flows, trans);
    launcher?.add({
      ...{ command: COMMANDS.create, category: "Notebook", rank: 5 },
      kernelIconUrl: flowUrl,
    });
    keepOpen(flows, factory, restorer, app);
    app.docRegistry.addWidgetFactory(factory as DocumentRegistry.WidgetFactory);
  },
};

/** Open flows are open again after the page was loaded anew. */
function keepOpen(
  flows: WidgetTracker<FlowDocument>,
  factory: FlowDocumentFactory,
  restorer: ILayoutRestorer | null,
  app: JupyterFrontEnd,
): void {
  factory.widgetCreated.connect((_, flow) => {
    flow.context.pathChanged.connect(() => void flows.save(flow));
    void flows.add(flow);
    // Until then nothing can be saved, and nobody tells the button.
    void flow.context.ready.then(() => app.commands.notifyCommandChanged("docmanager:save"));
  });
  void restorer?.restore(flows, {
    command: "docmanager:open",
    args: ({ context }) => ({ path: context.path, factory: FACTORY }),
    name: ({ context }) => `flow:${context.path}`,
  });
}

export default [plugin, runsPlugin, runPlugin, schedulesPlugin, rulesPlugin, noticesPlugin];
