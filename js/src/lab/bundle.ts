/**
 * The canvas itself: the module that notebooks get as a widget, served beside this extension.
 *
 * It brings its own React and is loaded when the first canvas opens. The server is asked each time
 * whether it has another one, since its name is always the same.
 */
import { PageConfig, URLExt } from "@jupyterlab/coreutils";
import type { CanvasHandle, Transport } from "../protocol/handle";
import { trans } from "./words";

export interface Bundle {
  open(transport: Transport, el: HTMLElement): CanvasHandle;
}

let loaded: Promise<Bundle> | null = null;

export function loadBundle(): Promise<Bundle> {
  loaded ??= load().catch((failure) => {
    loaded = null; // the next canvas tries again
    throw failure;
  });
  return loaded;
}

async function load(): Promise<Bundle> {
  const [code, style] = await Promise.all([text("widget.js"), text("widget.css")]);
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    const bundle: Bundle = await import(/* webpackIgnore: true */ url);
    const sheet = document.createElement("style");
    sheet.dataset.flowbook = "canvas";
    sheet.textContent = style;
    document.head.append(sheet);
    return bundle;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function text(name: string): Promise<string> {
  const folder = PageConfig.getOption("fullLabextensionsUrl");
  const reply = await fetch(URLExt.join(folder, "flowbook", "static", name), { cache: "no-cache" });
  if (!reply.ok) throw new Error(trans.__("%1 could not be loaded (%2)", name, reply.status));
  return reply.text();
}
