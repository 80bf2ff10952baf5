/** The palette: our commands, and those of the canvas itself. */
import type { ICommandPalette } from "@jupyterlab/apputils";
import { COMMANDS } from "./commandNames";
import { trans } from "./words";

/** Lists our own; what comes back lists one more. */
export function fillPalette(palette: ICommandPalette | null): (command: string) => void {
  const category = trans.__("Flow");
  const list = (command: string) => {
    palette?.addItem({ command, category, args: { isPalette: true } });
  };
  for (const command of Object.values(COMMANDS)) list(command);
  return list;
}
