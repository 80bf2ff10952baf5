/**
 * What the canvas itself can do, as commands of JupyterLab that act on the flow in front: those that
 * toolbars show from the start, the others once a canvas was drawn and has told of them.
 */
import {
  addIcon,
  deleteIcon,
  ellipsesIcon,
  type LabIcon,
  listIcon,
  searchIcon,
  stopIcon,
} from "@jupyterlab/ui-components";
import type { CommandInfo } from "../protocol/handle";
import { CANVAS, COMMANDS, ofCanvas, SHARED } from "./commandNames";
import { currentFlow, type Parts } from "./commands";
import type { FlowDocument } from "./flowDocument";
import { groupIcon, kindsIcon, tidyIcon } from "./icons";
import { trans } from "./words";

/** How often buttons look whether they are still right, in milliseconds. */
const RHYTHM = 120;
interface Shown {
  readonly icon: LabIcon;
  /** Until a canvas has a better one. */
  readonly label: () => string;
}

const SHOWN: Readonly<Record<string, Shown>> = {
  cancel: { icon: stopIcon, label: () => trans.__("Cancel Run") },
  add: { icon: addIcon, label: () => trans.__("Add Node…") },
  remove: { icon: deleteIcon, label: () => trans.__("Delete Selection") },
  find: { icon: searchIcon, label: () => trans.__("Find and Filter…") },
  outline: { icon: listIcon, label: () => trans.__("Outline") },
  palette: { icon: kindsIcon, label: () => trans.__("Node Palette") },
  group: { icon: groupIcon, label: () => trans.__("Group Selection") },
  "tidy-up": { icon: tidyIcon, label: () => trans.__("Tidy Up") },
  commands: { icon: ellipsesIcon, label: () => trans.__("All Commands…") },
};

/** `told` is called with the id of each that is new. */
export function registerCanvasCommands(parts: Parts, told: (id: string) => void): void {
  const known = new Set(SHARED.keys());
  const learn = (name: string) => {
    if (known.has(name)) return;
    known.add(name);
    const id = add(parts, name);
    told(id);
    parts.app.commands.notifyCommandChanged(id); // a button may have waited for it
  };
  for (const name of Object.keys(SHOWN)) learn(name);
  parts.documents.flows.widgetAdded.connect((_, { content }) => {
    content.drawn.connect(() => {
      for (const { name } of content.handle?.commands() ?? []) learn(name);
    });
  });
  keepButtons(parts);
}

function add(parts: Parts, name: string): string {
  const id = CANVAS + name;
  const shown = SHOWN[name];
  const info = () => infoOf(currentFlow(parts), name);
  parts.app.commands.addCommand(id, {
    label: () => info()?.label ?? shown?.label() ?? name,
    caption: () => {
      const { label = shown?.label() ?? "", disabled = "" } = info() ?? {};
      return disabled === "" ? label : `${label.trim()}: ${disabled}`;
    },
    ...(shown === undefined ? {} : { icon: shown.icon }),
    isEnabled: () => info()?.disabled === "",
    execute: () => currentFlow(parts)?.content.execute(name),
  });
  return id;
}

/** How one of the canvas's commands stands. */
export function infoOf(flow: FlowDocument | null, name: string): CommandInfo | undefined {
  return flow?.content.handle?.commands([name])[0];
}

/** Buttons of toolbars are drawn anew when what they do is called otherwise, or cannot be done. */
function keepButtons(parts: Parts): void {
  const { app, documents, settings } = parts;
  const before = new Map<string, string>();
  let shown: FlowDocument | null = null;
  let waiting = false;
  const look = () => {
    waiting = false;
    const flow = currentFlow(parts);
    if (flow !== shown) before.clear(); // its toolbar was drawn before it knew what can be done
    shown = flow;
    const history = flow?.content.link?.history;
    for (const name of new Set(settings.buttons.flatMap((id) => ofCanvas(id) ?? []))) {
      const info = infoOf(flow, name);
      const now = `${info?.label}/${info?.disabled}`;
      if (before.get(name) === now) continue;
      before.set(name, now);
      app.commands.notifyCommandChanged(SHARED.get(name) ?? CANVAS + name);
    }
    const steps = `${history?.undoes}/${history?.redoes}`;
    if (before.get("history") === steps) return;
    before.set("history", steps);
    for (const id of [COMMANDS.undo, COMMANDS.redo]) app.commands.notifyCommandChanged(id);
  };
  const later = () => {
    if (!waiting) setTimeout(look, RHYTHM);
    waiting = true;
  };
  documents.flows.widgetAdded.connect((_, { content }) => {
    content.changed.connect(later);
    content.disposed.connect(later);
  });
  documents.flows.currentChanged.connect(later);
}
