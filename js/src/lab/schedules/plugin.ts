/** The schedules of a project in JupyterLab's left area: what is wired to what. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { Dialog, ICommandPalette, showDialog } from "@jupyterlab/apputils";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { LabIcon } from "@jupyterlab/ui-components";
import schedulesSvg from "../../../style/schedules.svg";
import { RULES } from "../rules/commandNames";
import { asking } from "../run/api";
import { SchedulesModel } from "./model";
import type { Outside } from "./Panel";
import { SchedulesPanel } from "./widget";

export const SCHEDULES = { show: "flowbook:schedules", new: "flowbook:new-schedule" } as const;

const icon = new LabIcon({ name: "flowbook:schedules", svgstr: schedulesSvg });

export const schedulesPlugin: JupyterFrontEndPlugin<void> = {
  id: "flowbook:schedules",
  description: "Flows that run by themselves: when, and what came of it.",
  autoStart: true,
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("flowbook");
    const model = new SchedulesModel(asking(app.serviceManager.serverSettings), trans);
    const panel = new SchedulesPanel(model, outsideOf(app, trans));
    panel.title.icon = icon;
    panel.title.caption = trans.__("Schedules");
    panel.node.setAttribute("role", "region");
    panel.node.setAttribute("aria-label", trans.__("Schedules"));
    const show = () => app.shell.activateById(panel.id);
    app.commands.addCommand(SCHEDULES.show, {
      label: trans.__("Schedules"),
      caption: trans.__("Show what runs by itself, and when"),
      icon: (args) => (args.isPalette ? undefined : icon),
      execute: (args) => {
        show();
        return typeof args.flow === "string" ? model.showFlow(args.flow) : undefined;
      },
    });
    app.commands.addCommand(SCHEDULES.new, {
      label: trans.__("New Schedule…"),
      caption: trans.__("Let a flow run by itself"),
      execute: (args) => {
        show();
        return model.begin(typeof args.flow === "string" ? args.flow : "");
      },
    });
    const args = { isPalette: true };
    for (const command of Object.values(SCHEDULES))
      palette?.addItem({ command, category: trans.__("Flow Runs"), args });
    app.shell.add(panel, "left", { rank: 451, type: "Schedules" });
    restorer?.add(panel, panel.id);
  },
};

function outsideOf(app: JupyterFrontEnd, trans: ReturnType<ITranslator["load"]>): Outside {
  const { commands } = app;
  return {
    openRun: (run) => void commands.execute("flowbook:open-run", { run }),
    notifications: (flow) => void commands.execute(RULES.show, flow === undefined ? {} : { flow }),
    openNotebook: (path) => void commands.execute("docmanager:open", { path }),
    confirm: async ({ name, flow }) => {
      const { button } = await showDialog({
        title: trans.__("Delete the schedule %1?", name),
        body: trans.__("%1 will not run by itself any more. Its runs stay in the history.", flow),
        defaultButton: 0,
        buttons: [
          Dialog.cancelButton({ label: trans.__("Cancel") }),
          Dialog.warnButton({ label: trans.__("Delete") }),
        ],
      });
      return button.accept;
    },
  };
}
