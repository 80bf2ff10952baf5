/** The kernel behind an anywidget model. */
import type { AnyModel } from "@anywidget/types";
import type { ViewMessage } from "../protocol/generated";
import { isRegistry, type Render, rendering } from "../protocol/rendermime";
import type { Transport } from "./transport";

interface CanvasTraits {
  snapshot: unknown;
}

export function overAnywidget(model: AnyModel<CanvasTraits>): Transport {
  const render = renderOf(model);
  return {
    ...(render === null ? {} : { render }),
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

/** The renderers of the notebook around, where its manager of widgets has them. */
function renderOf(model: object): Render | null {
  const { widget_manager } = model as { widget_manager?: { rendermime?: unknown } };
  const found = widget_manager?.rendermime;
  return isRegistry(found) ? rendering(found) : null;
}

function isLive(model: object): boolean {
  return !("comm_live" in model) || model.comm_live === true;
}
