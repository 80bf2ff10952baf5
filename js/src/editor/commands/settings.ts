/** What opens forms. */
import type { Command } from "../commands";

export const SETTINGS: readonly Command[] = [
  {
    name: "flow-settings",
    group: "flow",
    label: (editor) => (editor.state.settings ? "Close flow settings" : "Flow settings"),
    disabled: (editor) => (editor.state.settings ? "" : editor.locked),
    run: (editor) => {
      const settings = !editor.state.settings;
      if (settings) editor.select([]);
      editor.change({ settings, open: null });
    },
  },
];
