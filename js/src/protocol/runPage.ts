/** The page of one recorded run: what it can ask its server, and what its host does for it. */

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Something the host does; what came of it is said in words. */
export type PageAct =
  | { readonly do: "open"; readonly run: string }
  /** Beside each other; without `other` the host asks which. */
  | { readonly do: "compare"; readonly run: string; readonly other?: string }
  | { readonly do: "notebook"; readonly node?: string }
  /** The failing node in a notebook, with all before it alive. */
  | { readonly do: "failing"; readonly node: string }
  /** The real values of that moment, in the kernel of the notebook. */
  | { readonly do: "here"; readonly seq: number }
  /** The run is no more. */
  | { readonly do: "deleted" };

export interface RunPage {
  readonly run: string;
  /** The run that it is compared with, where the page does that. */
  readonly against?: string | undefined;
  /** Ask the server for something below its API; rejects with a `PageError`. */
  ask(method: Method, path: string, body?: object): Promise<unknown>;
  act(act: PageAct): Promise<string>;
  /** Called when the row of the run, or of one of its branches, is another. */
  onChange(callback: () => void): () => void;
}

/** The server said no, or nothing. */
export class PageError extends Error {
  constructor(
    message: string,
    readonly hint: string,
    /** As HTTP has it; 0 where nobody answered. */
    readonly status: number,
  ) {
    super(message);
  }
}
