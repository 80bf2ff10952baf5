/** What lays the history of many runs over the flow. */
import { frequencyOf, heatOf } from "../../model/statistics";
import type { Statistics } from "../../protocol/generated";
import type { Overlay } from "../../protocol/overlay";
import type { Command } from "../commands";
import type { Editor } from "../editor";

export const STATISTICS: readonly Command[] = [
  laid("heat", "how long nodes take", heatOf),
  laid("frequency", "how often each way is taken", frequencyOf),
];

function laid(kind: Overlay["kind"], what: string, made: (found: Statistics) => Overlay): Command {
  return {
    name: `show-${kind}`,
    group: "run",
    label: (editor) => (shows(editor, kind) ? `Hide ${what}` : `Show ${what}`),
    disabled: (editor) => (editor.flow?.nodes.length ? "" : "there is no node"),
    run: (editor) => (shows(editor, kind) ? editor.change({ overlay: null }) : show(editor, made)),
  };
}

function shows(editor: Editor, kind: Overlay["kind"]): boolean {
  return editor.state.overlay?.kind === kind;
}

async function show(editor: Editor, made: (found: Statistics) => Overlay): Promise<void> {
  const found = await editor.ask<"STATS">({ type: "ASK_STATS", since: null });
  if (found === null) return;
  if (found.runs === 0) editor.say("This flow has not run yet");
  else editor.change({ overlay: made(found) });
}
