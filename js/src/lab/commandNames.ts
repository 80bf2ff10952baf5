/** The commands of this extension, and which of the canvas's own they are. */

export const COMMANDS = {
  create: "flowbook:new-notebook",
  show: "flowbook:show-canvas",
  openAs: "flowbook:open-as-flow",
  openNotebook: "flowbook:open-notebook",
  copyLink: "flowbook:copy-link",
  goToCell: "flowbook:go-to-cell",
  follow: "flowbook:toggle-follow",
  undo: "flowbook:undo",
  redo: "flowbook:redo",
  run: "flowbook:run",
  interrupt: "flowbook:interrupt",
  restart: "flowbook:restart-kernel",
  shutdown: "flowbook:shutdown-kernel",
  change: "flowbook:change-kernel",
  reconnect: "flowbook:reconnect-kernel",
} as const;

/** What the ids of commands begin with that are the canvas's own. */
export const CANVAS = "flowbook:canvas-";

/** Commands of the canvas that are ours as well. */
export const SHARED: ReadonlyMap<string, string> = new Map([
  ["undo", COMMANDS.undo],
  ["redo", COMMANDS.redo],
  ["run", COMMANDS.run],
  ["go-to-cell", COMMANDS.goToCell],
]);

/** The command of the canvas that a command of JupyterLab is; null for one that is none. */
export function ofCanvas(id: string): string | null {
  if (id.startsWith(CANVAS)) return id.slice(CANVAS.length);
  for (const [name, ours] of SHARED) if (ours === id) return name;
  return null;
}
