/**
 * The canvas of a notebook, in a tab of its own.
 *
 * The tab is an output area on the notebook's own session and renderers, so the widget manager of
 * that notebook draws the canvas as it would in a cell, and the notebook itself is not touched.
 */
import { type ISessionContext, MainAreaWidget } from "@jupyterlab/apputils";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { OutputAreaModel, SimplifiedOutputArea } from "@jupyterlab/outputarea";
import type { LabIcon } from "@jupyterlab/ui-components";

export interface CanvasArea {
  readonly tab: MainAreaWidget;
  /** Ask the kernel for the canvas again; false when it has no such flow. */
  show(): Promise<boolean>;
}

export function canvasArea(
  panel: NotebookPanel,
  flowName: string,
  label: string,
  icon: LabIcon,
): CanvasArea {
  const area = new SimplifiedOutputArea({
    model: new OutputAreaModel({ trusted: true }),
    rendermime: panel.content.rendermime,
  });
  area.addClass("fb-canvas-area");
  const tab = new MainAreaWidget({ content: area });
  tab.id = `flowbook-canvas-${panel.id}`;
  tab.title.label = label;
  tab.title.icon = icon;
  tab.title.closable = true;
  panel.disposed.connect(() => tab.dispose());
  return { tab, show: () => ask(area, flowName, panel.sessionContext) };
}

async function ask(
  area: SimplifiedOutputArea,
  flowName: string,
  session: ISessionContext,
): Promise<boolean> {
  await session.ready;
  const reply = await SimplifiedOutputArea.execute(`${flowName}.canvas()`, area, session);
  return reply?.content.status === "ok";
}
