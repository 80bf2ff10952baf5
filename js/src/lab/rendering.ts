/** The renderers of JupyterLab, for what the canvas cannot draw itself: charts, formulas. */
import { isRegistry, type Render, rendering } from "../protocol/rendermime";

let render: Render | null = null;

/** Draw with these from now on. */
export function drawWith(registry: unknown): void {
  render = isRegistry(registry) ? rendering(registry) : null;
}

/** What a canvas is given to draw with; nothing where there are no renderers. */
export function drawn(): { readonly render?: Render } {
  return render === null ? {} : { render };
}
