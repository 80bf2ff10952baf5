/** One link for each notebook that is open, however many views it has. */
import { Notification } from "@jupyterlab/apputils";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { Kernel } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";
import { Line } from "./line";
import { NotebookLink } from "./link";

const PAGE = "flowbook:page";
const linked = new WeakSet<NotebookPanel["context"]>();

export function linkNotebooks(notebooks: INotebookTracker, kernels: Kernel.IManager): void {
  notebooks.forEach((panel) => {
    link(panel.context, kernels);
  });
  notebooks.widgetAdded.connect((_, panel) => link(panel.context, kernels));
}

function link(context: NotebookPanel["context"], kernels: Kernel.IManager): void {
  if (linked.has(context)) return;
  linked.add(context);
  void context.ready.then(() => {
    if (context.isDisposed) return;
    const made = new NotebookLink(context.model.sharedModel, context.sessionContext, {
      open: (kernel, first, heard) => Line.open(kernels, kernel, first, heard),
      notify: (message) => Notification.info(message, { autoClose: 10000 }),
      view: `${page()}:${context.path}`,
      path: () => context.path,
      isReadOnly: () => context.model.readOnly || context.contentsModel?.writable === false,
    });
    context.disposed.connect(() => made.dispose());
  });
}

/** What this page is called; the same after a reload. */
function page(): string {
  const known = sessionStorage.getItem(PAGE);
  if (known !== null) return known;
  const made = UUID.uuid4();
  sessionStorage.setItem(PAGE, made);
  return made;
}
