/**
 * Core packages that every JupyterLab shares with its extensions. Naming them here, without
 * installing them, keeps several hundred packages out of the build; only what is used is declared.
 */
declare module "@jupyterlab/notebook" {
  import type { ISharedNotebook } from "@jupyter/ydoc";
  import type { ISessionContext } from "@jupyterlab/apputils";
  import type { DocumentRegistry, IDocumentWidget } from "@jupyterlab/docregistry";
  import type { Token } from "@lumino/coreutils";
  import type { ISignal } from "@lumino/signaling";
  import type { Widget } from "@lumino/widgets";

  export interface INotebookModel extends DocumentRegistry.IModel {
    readonly sharedModel: ISharedNotebook;
  }
  export interface NotebookPanel extends IDocumentWidget {
    readonly sessionContext: ISessionContext;
    readonly content: Widget & { readonly rendermime: object };
    readonly context: DocumentRegistry.IContext<INotebookModel>;
  }
  export interface INotebookTracker {
    readonly currentWidget: NotebookPanel | null;
    readonly currentChanged: ISignal<INotebookTracker, NotebookPanel | null>;
    readonly widgetAdded: ISignal<INotebookTracker, NotebookPanel>;
    forEach(visit: (panel: NotebookPanel) => void): void;
  }
  export const INotebookTracker: Token<INotebookTracker>;
}

declare module "@jupyterlab/outputarea" {
  import type { ISessionContext } from "@jupyterlab/apputils";
  import type { KernelMessage } from "@jupyterlab/services";
  import { Widget } from "@lumino/widgets";

  export class OutputAreaModel {
    constructor(options: { readonly trusted: boolean });
  }
  export class SimplifiedOutputArea extends Widget {
    constructor(options: {
      readonly model: OutputAreaModel;
      readonly rendermime: object;
      readonly contentFactory?: object;
    });
    static execute(
      code: string,
      output: SimplifiedOutputArea,
      session: ISessionContext,
    ): Promise<KernelMessage.IExecuteReplyMsg | undefined>;
  }
}

declare module "*.svg" {
  const text: string;
  export default text;
}
