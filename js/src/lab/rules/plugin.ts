/** The rules of notification in JupyterLab's left area: what is wired to what. */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { Dialog, ICommandPalette, Notification, showDialog } from "@jupyterlab/apputils";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { LabIcon } from "@jupyterlab/ui-components";
import notificationsSvg from "../../../style/notifications.svg";
import { INoticeWatch } from "../notices/plugin";
import { asking } from "../run/api";
import { RULES } from "./commandNames";
import { RulesModel } from "./model";
import type { Outside } from "./Panel";
import { RulesPanel } from "./widget";

const icon = new LabIcon({ name: "flowbook:notifications", svgstr: notificationsSvg });
/** Milliseconds a word that was asked for stays. */
const STAYS = 5_000;

export const rulesPlugin: JupyterFrontEndPlugin<void> = {
  id: "flowbook:notifications",
  description: "Rules: who is told of what.",
  autoStart: true,
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, INoticeWatch],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    watch: INoticeWatch | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("flowbook");
    const model = new RulesModel(asking(app.serviceManager.serverSettings), trans, {
      awake: () => watch?.look(),
      note: (text) => void Notification.emit(text, "info", { autoClose: STAYS }),
    });
    const panel = new RulesPanel(model, outsideOf(app, trans));
    panel.title.icon = icon;
    panel.title.caption = trans.__("Notifications of flows");
    panel.node.setAttribute("role", "region");
    panel.node.setAttribute("aria-label", trans.__("Notifications of flows"));
    const flowOf = ({ flow }: { readonly flow?: unknown }) =>
      typeof flow === "string" ? flow : null;
    const show = () => app.shell.activateById(panel.id);
    app.commands.addCommand(RULES.show, {
      label: trans.__("Notifications"),
      caption: trans.__("Show who is told of runs that fail, are slow, or do not come"),
      icon: (args) => (args.isPalette ? undefined : icon),
      execute: (args) => {
        model.about(flowOf(args));
        show();
      },
    });
    app.commands.addCommand(RULES.new, {
      label: trans.__("New Notification Rule…"),
      caption: trans.__("Let somebody be told of runs of a flow"),
      execute: (args) => {
        show();
        return model.form.begin(flowOf(args));
      },
    });
    const args = { isPalette: true };
    for (const command of Object.values(RULES))
      palette?.addItem({ command, category: trans.__("Flow Runs"), args });
    app.shell.add(panel, "left", { rank: 452, type: "Notifications" });
    restorer?.add(panel, panel.id);
  },
};

function outsideOf(app: JupyterFrontEnd, trans: ReturnType<ITranslator["load"]>): Outside {
  return {
    openRun: (run) => void app.commands.execute("flowbook:open-run", { run }),
    confirm: async ({ name }) => {
      const { button } = await showDialog({
        title: trans.__("Delete the rule %1?", name),
        body: trans.__("It tells nobody any more. What it told stays in the history."),
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
