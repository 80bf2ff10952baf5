/** JupyterLab's own menus, where they act on the document in front: a flow is one, too. */
import type { IMainMenu } from "@jupyterlab/mainmenu";
import type { Widget } from "@lumino/widgets";
import { COMMANDS } from "./commandNames";
import { FlowDocument } from "./flowDocument";

export function joinMenus({ editMenu, runMenu, kernelMenu }: IMainMenu): void {
  const isEnabled = (widget: Widget) => widget instanceof FlowDocument;
  editMenu.undoers.undo.add({ id: COMMANDS.undo, isEnabled });
  editMenu.undoers.redo.add({ id: COMMANDS.redo, isEnabled });
  runMenu.codeRunners.run.add({ id: COMMANDS.run, isEnabled });
  runMenu.codeRunners.runAll.add({ id: COMMANDS.run, isEnabled });
  runMenu.codeRunners.restart.add({ id: COMMANDS.restart, isEnabled });
  const { kernelUsers } = kernelMenu;
  kernelUsers.interruptKernel.add({ id: COMMANDS.interrupt, isEnabled });
  kernelUsers.restartKernel.add({ id: COMMANDS.restart, isEnabled });
  kernelUsers.shutdownKernel.add({ id: COMMANDS.shutdown, isEnabled });
  kernelUsers.changeKernel.add({ id: COMMANDS.change, isEnabled });
  kernelUsers.reconnectToKernel.add({ id: COMMANDS.reconnect, isEnabled });
}
