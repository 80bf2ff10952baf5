/** How much of the flow is in view; and the menu about what is selected. */
import type { Command } from "../commands";
import { names, noNode } from "./editing";

const CLOSER = 1.25;
const whenever = () => "";

export const FRAMING: readonly Command[] = [
  {
    name: "fit",
    group: "view",
    label: () => "Fit the flow into the view",
    keys: ["f"],
    menu: ["pane"],
    disabled: whenever,
    run: (editor) => editor.surface.fit(),
  },
  {
    name: "zoom-to-selection",
    group: "view",
    label: () => "Zoom to the selection",
    keys: ["z"],
    menu: ["node", "nodes"],
    disabled: noNode,
    run: (editor) => editor.surface.show(names(editor)),
  },
  {
    name: "zoom-in",
    group: "view",
    label: () => "Zoom in",
    keys: ["+", "="],
    disabled: whenever,
    run: (editor) => editor.surface.zoom(CLOSER),
  },
  {
    name: "zoom-out",
    group: "view",
    label: () => "Zoom out",
    keys: ["-"],
    disabled: whenever,
    run: (editor) => editor.surface.zoom(1 / CLOSER),
  },
  {
    name: "menu",
    group: "view",
    label: () => "Open the menu",
    keys: ["Shift+F10", "ContextMenu"],
    disabled: whenever,
    run: (editor) => editor.change({ dialog: { kind: "menu", ...editor.surface.spot() } }),
  },
];
