/** The toolbar of a canvas: what the settings list, so that users can add to it and take away. */
import {
  createToolbarFactory,
  type ISessionContext,
  type IToolbarWidgetRegistry,
  Toolbar,
} from "@jupyterlab/apputils";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { ITranslator } from "@jupyterlab/translation";
import type { Widget } from "@lumino/widgets";
import { FACTORY, type FlowDocument } from "./flowDocument";

type Making = NonNullable<DocumentRegistry.IWidgetFactoryOptions<FlowDocument>["toolbarFactory"]>;

export interface ToolbarParts {
  readonly registry: IToolbarWidgetRegistry | null;
  readonly settings: ISettingRegistry | null;
  readonly plugin: string;
  readonly dialogs: ISessionContext.IDialogs | null;
  readonly translator: ITranslator;
}

/** What makes it; undefined where settings have no say, and the canvas has all buttons itself. */
export function flowToolbar(parts: ToolbarParts): Making | undefined {
  const { registry, settings, plugin, dialogs, translator } = parts;
  if (registry === null || settings === null) return undefined;
  const session = (widget: Widget) => (widget as FlowDocument).context.sessionContext;
  registry.addFactory(FACTORY, "kernelName", (widget) =>
    Toolbar.createKernelNameItem(session(widget), dialogs ?? undefined, translator),
  );
  registry.addFactory(FACTORY, "kernelStatus", (widget) =>
    Toolbar.createKernelStatusItem(session(widget), translator),
  );
  return createToolbarFactory(registry, settings, FACTORY, plugin, translator) as Making;
}
