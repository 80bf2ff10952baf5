/** The kernel behind an anywidget model. */
import type { AnyModel } from "@anywidget/types";
import type { ViewMessage } from "../protocol/generated";
import type { Transport } from "./transport";

interface CanvasTraits {
  snapshot: unknown;
}

export function overAnywidget(model: AnyModel<CanvasTraits>): Transport {
  return {
    send: (message: ViewMessage) => model.send(message),
    opening: () => model.get("snapshot"),
    onMessage: (callback) => model.on("msg:custom", (content: unknown) => callback(content)),
    onLink: (callback) => {
      // Backbone events of the ipywidgets model; other hosts never fire them.
      model.on("comm_live_update", () => callback(isLive(model)));
      model.on("comm:close", () => callback(false));
    },
  };
}

function isLive(model: object): boolean {
  return !("comm_live" in model) || model.comm_live === true;
}
