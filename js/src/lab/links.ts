/** One link for each notebook that is open, however many views it has. */
import { Notification } from "@jupyterlab/apputils";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { INotebookModel, INotebookTracker } from "@jupyterlab/notebook";
import type { ServiceManager } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";
import { Ahead } from "./ahead";
import { startKernel } from "./kernels";
import { Line } from "./line";
import { NotebookLink } from "./link";
import { loadFlowbook } from "./loading";
import { whyLocked } from "./locked";
import { canvasOfServer } from "./server";
import { ServerLine } from "./serverLine";

const PAGE = "flowbook:page";

export type Context = DocumentRegistry.IContext<INotebookModel>;

export class Links {
  private readonly known = new WeakMap<Context, NotebookLink>();
  private readonly ahead = new WeakMap<Context, Ahead>();

  constructor(private readonly services: ServiceManager.IManager) {}

  /** A link for every notebook that is opened, so that the kernel's changes reach its cells. */
  follow(notebooks: INotebookTracker): void {
    const meet = (context: Context) => {
      void context.ready.then(() => context.isDisposed || this.of(context));
    };
    notebooks.forEach((panel) => {
      meet(panel.context);
    });
    notebooks.widgetAdded.connect((_, panel) => meet(panel.context));
  }

  /** A canvas of the document will be shown: let its flow be looked at while it is loaded. */
  expect(context: Context): void {
    if (context.isReady || this.ahead.has(context)) return;
    const post = canvasOfServer(this.services.serverSettings);
    this.ahead.set(context, new Ahead(post, context.path));
  }

  /** The link of a document, which is ready. */
  of(context: Context): NotebookLink {
    const known = this.known.get(context);
    if (known !== undefined) return known;
    const made = this.make(context);
    this.known.set(context, made);
    context.disposed.connect(() => made.dispose());
    return made;
  }

  private make(context: Context): NotebookLink {
    const { kernels, kernelspecs, serverSettings } = this.services;
    const path = () => context.path;
    const locked = () => whyLocked(context);
    const link = new NotebookLink(context.model.sharedModel, context.sessionContext, {
      open: (kernel, first, heard) => Line.open(kernels, kernel, first, heard),
      serve: (cells, heard, failed, turned, untouched) => {
        const asLoaded = () => untouched() && !context.model.collaborative && locked() === "";
        const post = this.ahead.get(context)?.asking(asLoaded) ?? canvasOfServer(serverSettings);
        return new ServerLine(post, { path, locked, cells, heard, failed, turned });
      },
      load: (kernel) => loadFlowbook(kernels, kernel),
      start: () => startKernel(context, kernelspecs),
      notify: (message) => Notification.info(message, { autoClose: 10000 }),
      view: `${page()}:${context.path}`,
      ...{ path, locked },
    });
    let before = "";
    const look = () => {
      const now = `${path()}\n${locked()}`;
      if (now !== before) link.look();
      before = now;
    };
    look();
    for (const one of [context.fileChanged, context.pathChanged, context.model.stateChanged])
      (one as typeof context.fileChanged).connect(look);
    const online = () => link.online();
    globalThis.addEventListener("online", online);
    context.disposed.connect(() => globalThis.removeEventListener("online", online));
    return link;
  }
}

/** What this page is called; the same after a reload. */
function page(): string {
  const known = sessionStorage.getItem(PAGE);
  if (known !== null) return known;
  const made = UUID.uuid4();
  sessionStorage.setItem(PAGE, made);
  return made;
}
