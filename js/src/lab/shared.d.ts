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
    getMetadata(key: string): unknown;
    setMetadata(key: string, value: unknown): void;
  }
  export interface Notebook extends Widget {
    activeCellIndex: number;
    mode: "command" | "edit";
    readonly activeCell: {
      readonly editor: {
        setCursorPosition(at: { readonly line: number; readonly column: number }): void;
      } | null;
    } | null;
    readonly widgets: ReadonlyArray<Widget & { readonly model: { readonly id: string } }>;
    deselectAll(): void;
    scrollToItem(index: number, align?: "auto" | "smart" | "center"): Promise<void>;
  }
  export interface NotebookPanel extends IDocumentWidget<Notebook, INotebookModel> {
    readonly sessionContext: ISessionContext;
    readonly revealed: Promise<void>;
    readonly context: DocumentRegistry.IContext<INotebookModel>;
  }
  export interface INotebookTracker {
    readonly currentWidget: NotebookPanel | null;
    readonly currentChanged: ISignal<INotebookTracker, NotebookPanel | null>;
    readonly activeCell: { readonly model: { readonly id: string } } | null;
    readonly activeCellChanged: ISignal<INotebookTracker, unknown>;
    readonly widgetAdded: ISignal<INotebookTracker, NotebookPanel>;
    forEach(visit: (panel: NotebookPanel) => void): void;
    find(test: (panel: NotebookPanel) => boolean): NotebookPanel | undefined;
  }
  export const INotebookTracker: Token<INotebookTracker>;
}

declare module "@jupyterlab/mainmenu" {
  import type { Token } from "@lumino/coreutils";
  import type { Widget } from "@lumino/widgets";

  interface SemanticCommand {
    add(command: { readonly id: string; isEnabled?(widget: Widget): boolean }): void;
  }
  export interface IMainMenu {
    readonly editMenu: {
      readonly undoers: { readonly undo: SemanticCommand; readonly redo: SemanticCommand };
    };
    readonly runMenu: {
      readonly codeRunners: {
        readonly run: SemanticCommand;
        readonly runAll: SemanticCommand;
        readonly restart: SemanticCommand;
      };
    };
    readonly kernelMenu: {
      readonly kernelUsers: {
        readonly interruptKernel: SemanticCommand;
        readonly restartKernel: SemanticCommand;
        readonly shutdownKernel: SemanticCommand;
        readonly changeKernel: SemanticCommand;
        readonly reconnectToKernel: SemanticCommand;
      };
    };
  }
  export const IMainMenu: Token<IMainMenu>;
}

declare module "@jupyterlab/property-inspector" {
  import type { Token } from "@lumino/coreutils";
  import type { Widget } from "@lumino/widgets";

  export interface IPropertyInspectorProvider {
    register(widget: Widget): { render(shown: Widget): void };
  }
  export const IPropertyInspectorProvider: Token<IPropertyInspectorProvider>;
}

declare module "*.svg" {
  const text: string;
  export default text;
}
