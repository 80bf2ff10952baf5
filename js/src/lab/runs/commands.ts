/** What JupyterLab's palette, menus and shortcuts can do with the history of runs. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { LabIcon } from "@jupyterlab/ui-components";
import { type ActionName, type Actions, possible } from "./actions";
import { EVERYTHING } from "./filter";
import { actionHelp, actionWord } from "./labels";
import type { RunsModel } from "./model";
import type { Outside } from "./Panel";
import type { RunRow } from "./run";

export const RUNS = {
  show: "flowbook:runs",
  reload: "flowbook:runs-reload",
  clear: "flowbook:runs-clear-filter",
  only: "flowbook:runs-this-notebook",
  deleteMatching: "flowbook:runs-delete-matching",
  copySql: "flowbook:runs-copy-sql",
  openCell: "flowbook:runs-open-cell",
} as const;

/** Unpinning is the other side of pinning: one command, one key. */
const OF_RUNS: readonly ActionName[] = [
  "view",
  "rerun",
  "replay",
  "cancel",
  "pause",
  "resume",
  "pin",
  "compare",
  "copy-id",
  "delete",
];

export interface RunsParts {
  readonly app: JupyterFrontEnd;
  readonly model: RunsModel;
  readonly actions: Actions;
  readonly outside: Outside;
  readonly trans: TranslationBundle;
  readonly icon: LabIcon;
  readonly reveal: () => void;
}

export function registerRunsCommands(parts: RunsParts, palette: ICommandPalette | null): void {
  const { model, outside, trans, icon, reveal } = parts;
  const { commands } = parts.app;
  commands.addCommand(RUNS.show, {
    label: trans.__("Run History"),
    caption: trans.__("Show what ran, when, and how it went"),
    icon: (args) => (args.isPalette ? undefined : icon),
    execute: reveal,
  });
  commands.addCommand(RUNS.reload, {
    label: trans.__("Read Run History Anew"),
    execute: () => model.reload(true),
  });
  commands.addCommand(RUNS.clear, {
    label: trans.__("Clear the Filter of Runs"),
    isEnabled: () => model.narrowed,
    execute: () => {
      model.setOnly(false);
      model.setFilter(EVERYTHING);
    },
  });
  commands.addCommand(RUNS.only, {
    label: trans.__("Only Runs of This Notebook"),
    caption: trans.__("Follow the notebook or canvas in front"),
    isToggled: () => model.view.only,
    execute: () => {
      reveal();
      model.setOnly(!model.view.only);
    },
  });
  commands.addCommand(RUNS.deleteMatching, {
    label: trans.__("Delete All Runs That Match…"),
    isEnabled: () => model.narrowed,
    execute: () => outside.deleteMatching(),
  });
  commands.addCommand(RUNS.copySql, {
    label: trans.__("Copy the Filter of Runs as SQL"),
    isEnabled: () => model.view.sql !== "",
    execute: () => outside.copySql(),
  });
  commands.addCommand(RUNS.openCell, {
    label: trans.__("Open the Filter of Runs as Cell"),
    isEnabled: () => model.view.sql !== "" && outside.noCell() === "",
    execute: () => outside.openCell(),
  });
  const ids = [...Object.values(RUNS), ...OF_RUNS.map((name) => addAction(parts, name))];
  const args = { isPalette: true };
  for (const command of ids) palette?.addItem({ command, category: trans.__("Flow Runs"), args });
  let before = model.view;
  model.subscribe(() => {
    const { view } = model;
    if (view.selection !== before.selection || view.list.rows !== before.list.rows)
      for (const id of ids) commands.notifyCommandChanged(id);
    before = view;
  });
}

function addAction({ app, model, actions, trans }: RunsParts, name: ActionName): string {
  const id = `flowbook:runs-${name}`;
  const meant = (runs: readonly RunRow[]): ActionName =>
    name === "pin" && possible("unpin", runs) ? "unpin" : name;
  app.commands.addCommand(id, {
    label: () => actionWord(trans, meant(model.targets())),
    caption: () => actionHelp(trans, meant(model.targets())),
    isEnabled: () => possible(meant(model.targets()), model.targets()),
    execute: () => actions.do(meant(model.targets()), model.targets()),
  });
  return id;
}
