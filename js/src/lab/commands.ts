/** What JupyterLab's palette, menus, launcher and shortcuts can do with flows. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ISessionContext } from "@jupyterlab/apputils";
import type { IFileBrowserFactory } from "@jupyterlab/filebrowser";
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import {
  type LabIcon,
  linkIcon,
  notebookIcon,
  redoIcon,
  runIcon,
  undoIcon,
} from "@jupyterlab/ui-components";
import { COMMANDS } from "./commandNames";
import { copyLink } from "./copying";
import type { Documents } from "./documents";
import { FlowDocument } from "./flowDocument";
import type { Following } from "./following";
import type { LiveSettings } from "./settings";
import { starterNotebook } from "./starter";

export interface Parts {
  readonly app: JupyterFrontEnd;
  readonly documents: Documents;
  readonly following: Following;
  readonly notebooks: INotebookTracker | null;
  readonly browsers: IFileBrowserFactory | null;
  readonly dialogs: ISessionContext.IDialogs | null;
  readonly settings: LiveSettings;
  readonly trans: TranslationBundle;
  readonly icon: LabIcon;
  readonly folder: () => string;
}

export function registerCommands(parts: Parts): void {
  registerOpening(parts);
  registerEditing(parts);
  registerKernels(parts);
}

/** The flow document in front, or the one of the notebook in front. */
export function currentFlow({ app, documents }: Parts): FlowDocument | null {
  const current = app.shell.currentWidget;
  return current instanceof FlowDocument ? current : documents.flows.currentWidget;
}

function registerOpening(parts: Parts): void {
  const { app, documents, following, notebooks, settings, trans, icon } = parts;
  const { commands } = app;
  commands.addCommand(COMMANDS.create, {
    label: (args) => (args.isPalette ? trans.__("New Flow") : trans.__("Flow")),
    caption: trans.__("A notebook with the first two nodes of a flow, and its canvas"),
    icon: (args) => (args.isPalette ? undefined : icon),
    execute: (args) => create(parts, typeof args.cwd === "string" ? args.cwd : parts.folder()),
  });
  commands.addCommand(COMMANDS.show, {
    label: trans.__("Show Flow Canvas"),
    caption: trans.__("Show this notebook as a flow, beside it"),
    icon: (args) => (args.isPalette ? undefined : icon),
    isEnabled: () => notebooks?.currentWidget != null,
    execute: async () => {
      const panel = notebooks?.currentWidget;
      if (panel) await documents.openFlow(panel.context.path, panel.id);
    },
  });
  commands.addCommand(COMMANDS.openAs, {
    label: trans.__("Open as Flow"),
    caption: trans.__("Show a notebook as a flow"),
    icon: (args) => (args.isPalette ? undefined : icon),
    isEnabled: (args) => chosen(parts, args).length > 0,
    execute: async (args) => {
      for (const path of chosen(parts, args)) await documents.openFlow(path, null);
    },
  });
  commands.addCommand(COMMANDS.copyLink, {
    label: (args) =>
      args.isPalette ? trans.__("Copy Link to Flow") : trans.__("Copy Read-Only Flow Link"),
    caption: trans.__("Copy the address at which others see this flow and its last run"),
    icon: (args) => (args.isPalette ? undefined : linkIcon),
    isEnabled: (args) => shown(parts, args) !== null,
    execute: (args) => {
      const path = shown(parts, args);
      if (path !== null) copyLink(path, app.serviceManager.contents);
    },
  });
  commands.addCommand(COMMANDS.openNotebook, {
    label: trans.__("Open Notebook"),
    caption: trans.__("Show the cells of this flow beside its canvas"),
    icon: (args) => (args.isPalette ? undefined : notebookIcon),
    isEnabled: () => currentFlow(parts) !== null,
    execute: () => {
      const flow = currentFlow(parts);
      if (flow !== null) documents.openNotebook(flow);
    },
  });
  commands.addCommand(COMMANDS.goToCell, {
    label: trans.__("Go to Cell"),
    caption: trans.__("Put the cursor into the cell of the selected node"),
    isEnabled: () => selectedCell(parts) !== null,
    execute: async () => {
      const flow = currentFlow(parts);
      const cell = selectedCell(parts);
      if (flow !== null && cell !== null) await following.goTo(flow, cell);
    },
  });
  commands.addCommand(COMMANDS.follow, {
    label: trans.__("Node and Cell Follow Each Other"),
    caption: trans.__("Selecting a node shows its cell, and the other way round"),
    isToggled: () => settings.now.follow,
    execute: () => settings.set("follow", !settings.now.follow),
  });
  notebooks?.currentChanged.connect(() => commands.notifyCommandChanged(COMMANDS.show));
}

/** A new notebook file with the starter cells, opened as the settings say. */
async function create(parts: Parts, folder: string): Promise<unknown> {
  const { app, documents, settings, trans } = parts;
  const { contents } = app.serviceManager;
  const file = await contents.newUntitled({ path: folder, type: "notebook" });
  const note = trans.__("Each `{cell}` cell is a node. Press Run on the canvas, or run the cells.");
  const content = starterNotebook(trans.__("A flow"), inWords(note));
  await contents.save(file.path, { type: "notebook", format: "json", content });
  const { newFlow } = settings.now;
  if (newFlow === "canvas") return documents.openFlow(file.path, null);
  const panel = await app.commands.execute("docmanager:open", { path: file.path });
  if (newFlow === "notebook") return panel;
  await panel?.context?.ready;
  await documents.openFlow(file.path, panel?.id ?? null);
  return panel; // the launcher puts what it is given in its own place
}

/** A translated text with our magics in it: the translator itself eats percent signs. */
function inWords(text: string): string {
  return text.replace("{cell}", "%%flow");
}

type Args = Readonly<Record<string, unknown>>;

/** The notebooks that are meant: those selected in the file browser in front, or the one in front. */
function chosen({ app, browsers, notebooks }: Parts, args: Args): readonly string[] {
  const browser = browsers?.tracker.currentWidget;
  const current = app.shell.currentWidget;
  if (
    args.origin !== "files" &&
    current !== null &&
    current === notebooks?.currentWidget &&
    !browser?.node.contains(document.activeElement)
  )
    return [notebooks.currentWidget.context.path];
  const items = [...(browser?.selectedItems() ?? [])];
  const found = items.filter((one) => one.type === "notebook").map((one) => one.path);
  if (found.length > 0) return found;
  return notebooks?.currentWidget ? [notebooks.currentWidget.context.path] : [];
}

/** The notebook that is meant: the one in front in either of its views, or chosen among files. */
function shown(parts: Parts, args: Args): string | null {
  const current = parts.app.shell.currentWidget;
  if (args.origin !== "files" && current instanceof FlowDocument) return current.context.path;
  return chosen(parts, args)[0] ?? null;
}

function selectedCell(parts: Parts): string | null {
  const content = currentFlow(parts)?.content;
  const [node] = content?.handle?.selected ?? [];
  return node === undefined ? null : (content?.cellOf(node) ?? null);
}

function registerEditing(parts: Parts): void {
  const { trans } = parts;
  const { commands } = parts.app;
  const history = () => currentFlow(parts)?.content.link?.history;
  commands.addCommand(COMMANDS.undo, {
    label: () => named(trans.__("Undo"), history()?.undoes),
    icon: (args) => (args.toolbar ? undoIcon : undefined),
    isEnabled: () => history()?.undoes != null,
    execute: () => history()?.undo(),
  });
  commands.addCommand(COMMANDS.redo, {
    label: () => named(trans.__("Redo"), history()?.redoes),
    icon: (args) => (args.toolbar ? redoIcon : undefined),
    isEnabled: () => history()?.redoes != null,
    execute: () => history()?.redo(),
  });
  commands.addCommand(COMMANDS.run, {
    label: trans.__("Run Flow"),
    caption: trans.__("Run the whole flow, with the parameters of its canvas"),
    icon: (args) => (args.toolbar ? runIcon : undefined),
    isEnabled: () => currentFlow(parts)?.content.handle?.commands(["run"])[0]?.disabled === "",
    execute: () => currentFlow(parts)?.content.execute("run"),
  });
}

function named(verb: string, step: string | null | undefined): string {
  return step ? `${verb}: ${step}` : verb;
}

function registerKernels(parts: Parts): void {
  const { dialogs, trans } = parts;
  const { commands } = parts.app;
  const session = () => currentFlow(parts)?.context.sessionContext;
  const isEnabled = () => session() !== undefined;
  const add = (id: string, label: string, execute: () => unknown) =>
    commands.addCommand(id, { label, isEnabled, execute });
  add(COMMANDS.interrupt, trans.__("Cancel Run or Interrupt Kernel"), () => {
    const flow = currentFlow(parts);
    if (flow?.content.handle?.summary().going) flow.content.execute("cancel");
    else return session()?.session?.kernel?.interrupt();
  });
  add(COMMANDS.restart, trans.__("Restart Kernel of Flow…"), () => {
    const context = session();
    return context && (dialogs ? dialogs.restart(context) : context.restartKernel());
  });
  add(COMMANDS.shutdown, trans.__("Shut Down Kernel of Flow"), () => session()?.shutdown());
  add(COMMANDS.change, trans.__("Change Kernel of Flow…"), () => {
    const context = session();
    return context && dialogs?.selectKernel(context);
  });
  add(COMMANDS.reconnect, trans.__("Reconnect to Kernel of Flow"), () =>
    session()?.session?.kernel?.reconnect(),
  );
}
