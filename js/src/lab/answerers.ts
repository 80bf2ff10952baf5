/** Who may answer for the flow of a document, and what a link needs of the application for that. */
import type { ISessionContext } from "@jupyterlab/apputils";
import type { Kernel } from "@jupyterlab/services";
import type { CellView, NotebookMessage } from "../protocol/generated";
import type { OpenLine, Turn } from "./openLine";
import type { Reachable } from "./recall";

/**
 * Who answers for the flow. `absent`: a kernel is there, and flowbook cannot be loaded in it;
 * `nobody`: there is no kernel, and the server cannot answer either; `cut`: who answers cannot be
 * reached now.
 */
export type Answering = "kernel" | "server" | "absent" | "nobody" | "cut";

/** What a link needs of the application. */
export interface Surroundings {
  /** A line to that kernel, opened with a first message; null when it has no flowbook. */
  open(
    kernel: Kernel.IModel,
    first: () => NotebookMessage,
    heard: (content: unknown) => void,
  ): Promise<OpenLine | null>;
  /** A line to the server, which is given the cells as they stand; `untouched`: as the file was. */
  serve(
    cells: () => readonly CellView[],
    heard: (content: unknown) => void,
    failed: (reason: string) => void,
    turned: (turn: Turn) => void,
    untouched: () => boolean,
  ): OpenLine;
  /** Load flowbook in an idle kernel, without a trace; null, or why that cannot be. */
  load(kernel: Kernel.IModel): Promise<string | null>;
  /** Start a kernel for a document that has none. */
  start(): Promise<void>;
  notify(message: string): void;
  /** The name of this document in this page: the same when the page is loaded again. */
  readonly view: string;
  readonly path: () => string;
  /** Why nothing of the document may be changed; empty when it may. */
  readonly locked: () => string;
}

export type Session = Pick<ISessionContext, "iopubMessage" | "kernelChanged" | "statusChanged"> & {
  readonly session: {
    readonly kernel: (Pick<Kernel.IKernelConnection, "model"> & Reachable) | null;
  } | null;
};
