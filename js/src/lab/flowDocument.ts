/**
 * "Flow canvas": a second way to open a notebook, on the same context, model, session and kernel as
 * its notebook view. Neither is the main one: either may be opened first, or closed.
 */
import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from "@jupyterlab/docregistry";
import type { INotebookModel } from "@jupyterlab/notebook";
import type { Contents } from "@jupyterlab/services";
import type { ITranslator, TranslationBundle } from "@jupyterlab/translation";
import type { LabIcon } from "@jupyterlab/ui-components";
import { takeFiles } from "./dropping";
import { FlowView } from "./flowView";
import { guardWidgets } from "./guard";
import { followKernel } from "./kernels";
import type { Context, Links } from "./links";
import type { LiveSettings } from "./settings";

export const FACTORY = "Flow canvas";
export const NOTEBOOK = "Notebook";

export class FlowDocument extends DocumentWidget<FlowView, INotebookModel> {}

/** What the documents of this factory need of the application. */
export interface Around {
  readonly registry: DocumentRegistry;
  readonly links: Links;
  readonly settings: LiveSettings;
  readonly contents: Contents.IManager;
  readonly toolbar: DocumentRegistry.IWidgetFactoryOptions<FlowDocument>["toolbarFactory"];
  readonly translator: ITranslator;
  readonly trans: TranslationBundle;
  readonly icon: LabIcon;
  /** Show when a flow runs by itself. */
  readonly schedule: (flow: string) => void;
  /** Show who is told of what becomes of a flow. */
  readonly notify: (flow: string) => void;
  /** Whether a notebook view of the document is open. */
  readonly hasNotebook: (context: Context) => boolean;
  /** Called when a notebook view of the document was closed. */
  readonly onNotebookClosed: (context: Context, callback: () => void) => () => void;
}

export class FlowDocumentFactory extends ABCWidgetFactory<FlowDocument, INotebookModel> {
  constructor(private readonly around: Around) {
    super({
      name: FACTORY,
      label: around.trans.__("Flow Canvas"),
      modelName: "notebook",
      fileTypes: ["notebook"],
      preferKernel: true,
      canStartKernel: true,
      autoStartDefault: true, // without it a dialog asks for a kernel at every opening
      translator: around.translator,
      ...(around.toolbar === undefined ? {} : { toolbarFactory: around.toolbar }),
    });
  }

  /** As the notebook's own: of the views of a document, the one opened first decides for all. */
  override get shutdownOnClose(): boolean {
    return this.notebook?.shutdownOnClose ?? false;
  }

  /** Where documents are shared between users, the canvas shares them, too. */
  override get contentProviderId(): string | undefined {
    return this.notebook?.contentProviderId;
  }

  protected override createNewWidget(context: Context): FlowDocument {
    const { around } = this;
    const { links, settings, trans, schedule, notify } = around;
    const content = new FlowView(context, links, settings, trans, { schedule, notify });
    content.title.icon = around.icon;
    takeFiles(content, around.contents);
    const widget = new FlowDocument({ content, context });
    widget.addClass("fb-lab-document");
    const { sessionContext } = context;
    const has = () => around.hasNotebook(context);
    const guard = () => {
      if (!has()) guardWidgets(sessionContext.session?.kernel);
    };
    sessionContext.kernelChanged.connect(guard);
    const offs = [
      followKernel(context, has, around.trans),
      around.onNotebookClosed(context, guard),
      () => sessionContext.kernelChanged.disconnect(guard),
    ];
    guard();
    widget.disposed.connect(() => {
      for (const off of offs) off();
    });
    return widget;
  }

  protected override defaultToolbarFactory(): DocumentRegistry.IToolbarItem[] {
    return [];
  }

  private get notebook() {
    return this.around.registry.getWidgetFactory(NOTEBOOK);
  }
}
