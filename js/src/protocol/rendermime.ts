/**
 * How a page that has renderers of its own (JupyterLab) draws what the canvas cannot: charts, tables
 * in Markdown, formulas. Known by what it can do, so that neither needs the other's code.
 */

/** Something that a host drew into an element. */
export interface Drawn {
  /** Settles when it is drawn; rejects when it could not be. */
  readonly done: Promise<unknown>;
  dispose(): void;
}

/** Draws `data` of a MIME type into an element; null where it has no renderer for that. */
export type Render = (mime: string, data: unknown, element: HTMLElement) => Drawn | null;

interface Message {
  readonly type: string;
  readonly isConflatable: boolean;
  conflate(): boolean;
}

interface Renderer {
  readonly node: HTMLElement;
  renderModel(model: object): Promise<unknown>;
  processMessage?(message: Message): void;
  dispose?(): void;
}

/** What is asked of JupyterLab's `IRenderMimeRegistry`. */
export interface MimeRegistry {
  readonly mimeTypes: readonly string[];
  createRenderer(mime: string): Renderer;
  createModel(options: { data: Record<string, unknown>; trusted: boolean }): object;
}

/** True for something that has all of it. */
export function isRegistry(found: unknown): found is MimeRegistry {
  const one = found as Partial<MimeRegistry> | null | undefined;
  return (
    Array.isArray(one?.mimeTypes) &&
    typeof one.createRenderer === "function" &&
    typeof one.createModel === "function"
  );
}

export function rendering(registry: MimeRegistry): Render {
  return (mime, data, element) => {
    const type = fitting(registry.mimeTypes, mime);
    if (type === null) return null;
    const renderer = registry.createRenderer(type);
    element.replaceChildren(renderer.node);
    tell(renderer, "after-attach"); // formulas are set once a widget stands in its page
    const model = registry.createModel({ data: { [type]: data }, trusted: false });
    return {
      done: Promise.resolve().then(() => renderer.renderModel(model)),
      dispose() {
        tell(renderer, "after-detach");
        renderer.node.remove();
        renderer.dispose?.();
      },
    };
  };
}

const VERSION = /\.v(\d+)\+json$/;

/** That type, or the newest other version of it, which draws most of what this one says. */
export function fitting(known: readonly string[], mime: string): string | null {
  if (known.includes(mime)) return mime;
  if (!VERSION.test(mime)) return null;
  const family = mime.replace(VERSION, "");
  const others = known.filter((one) => VERSION.test(one) && one.replace(VERSION, "") === family);
  return others.sort((a, b) => version(a) - version(b)).at(-1) ?? null;
}

function version(mime: string): number {
  return Number(VERSION.exec(mime)?.[1] ?? 0);
}

function tell(renderer: Renderer, type: string): void {
  renderer.processMessage?.({ type, isConflatable: false, conflate: () => false });
}
