/** What a page that hosts the canvas is given, and gives: the seam between the bundle and its host. */
import type { Place, ViewMessage } from "./generated";
import type { Overlay } from "./overlay";
import type { Render } from "./rendermime";
import type { RunPage } from "./runPage";

/** The way to whoever knows the flow: a kernel, or a server. */
export interface Transport {
  send(message: ViewMessage): void;
  /** What was known when the page opened: a `Snapshot`, or nothing. */
  opening(): unknown;
  onMessage(callback: (content: unknown) => void): void;
  /** `false`: nobody is at the other end any more. `true`: somebody is again. */
  onLink(callback: (live: boolean) => void): void;
  /**
   * Whether there is something unsaved, now and whenever that changes; absent: nobody knows.
   * Returns how to stop, where that is possible.
   */
  onUnsaved?(callback: (unsaved: boolean) => void): (() => void) | undefined;
  /** Commands that the page has buttons for, so that the canvas has none of its own; likewise. */
  onButtons?(callback: (commands: ReadonlySet<string>) => void): (() => void) | undefined;
  /** Nobody answers: a page that shows a copy of a flow. Nothing is offered that would be asked. */
  readonly still?: true;
  /** Draws what the canvas cannot, where the host has renderers: charts, formulas. */
  render?: Render;
  /** Show when the flow of that name runs by itself, where the host has a place for that. */
  schedule?(flow: string): void;
  /** Show who is told of the runs of the flow of that name; likewise. */
  notify?(flow: string): void;
  /** The host's own undo, where the flow is a document of it; without it the kernel is asked. */
  readonly undoing?: Undoing;
  /** The page of one recorded run: its time can be gone through, and it cannot be changed. */
  readonly page?: RunPage;
}

export interface Undoing {
  undo(): void;
  redo(): void;
}

/** One thing a user can do, as a menu or a palette lists it. */
export interface CommandInfo {
  readonly name: string;
  readonly label: string;
  readonly group: string;
  /** Why it cannot be done now; empty when it can. */
  readonly disabled: string;
  readonly keys: readonly string[];
}

/** How a flow stands. */
export interface Summary {
  /** In a line: `7 of 12 done, 1 running`. */
  readonly text: string;
  /** A run is going on, or waits for its turn. */
  readonly going: boolean;
  /** What is wrong with the definition. */
  readonly errors: number;
}

/** A canvas that is open in a page. */
export interface CanvasHandle {
  /** What can be done, or of it what is called so. */
  commands(names?: readonly string[]): readonly CommandInfo[];
  execute(name: string): void;
  summary(): Summary;
  /** Nodes that are selected, in the order of the flow. */
  readonly selected: readonly string[];
  /** Select a node and bring it into view, without taking the focus. */
  reveal(node: string): void;
  focus(): void;
  /** Lay something over the flow, or nothing: what a history knows of it. */
  overlay(overlay: Overlay | null): void;
  /** Called when the selection, or what can be done, is different. */
  onChange(callback: () => void): () => void;
  /** A node's cell is asked for: by its name and the id of the cell; at a line, from 1, or at all. */
  onGoToCell(callback: (cell: string, node: string, line?: number) => void): () => void;
  /** A notebook was made, by its path from the folder of this one on. */
  onMade(callback: (path: string) => void): () => void;
  /**
   * Show the details of what is selected in this element of the page, rather than beside the
   * canvas once they are asked for; null: beside the canvas again.
   */
  showDetails(el: HTMLElement | null): void;
  /** Make nodes of files, by their paths from the folder of the notebook on, there on the page. */
  bring(paths: readonly string[], at: Place): void;
  dispose(): void;
}
