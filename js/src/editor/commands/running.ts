/** What starts, steers and stops runs. */
import { finishing } from "../../model/selectors";
import { nextHeld } from "../../model/stepping";
import type { Command } from "../commands";
import type { Editor } from "../editor";
import { launchOf } from "../launch";

export const RUNNING: readonly Command[] = [
  {
    name: "run",
    group: "run",
    label: () => "Run the whole flow",
    keys: ["r"],
    disabled: (editor) => launchOf(editor).barred,
    run: (editor) => launchOf(editor).start(),
  },
  {
    name: "run-from",
    group: "run",
    label: (editor) => `Run from ${here(editor)}`,
    keys: ["Shift+r"],
    disabled: barredHere,
    run: (editor) => launchOf(editor).start({ since: chosen(editor) }),
  },
  {
    name: "run-to",
    group: "run",
    label: (editor) => `Run to ${here(editor)}`,
    keys: ["Alt+r"],
    disabled: barredHere,
    run: (editor) => launchOf(editor).start({ until: chosen(editor) }),
  },
  {
    name: "run-selection",
    group: "run",
    label: (editor) =>
      chosen(editor).length > 1 ? "Run the selected nodes only" : `Run only ${here(editor)}`,
    keys: ["Alt+Shift+r"],
    disabled: barredHere,
    run: (editor) => launchOf(editor).start({ only: chosen(editor) }),
  },
  {
    name: "run-again",
    group: "run",
    label: () => "Run again with the same parameters",
    keys: ["Shift+g"],
    disabled: (editor) =>
      launchOf(editor).barred || (editor.store.state.run === null ? "nothing has run yet" : ""),
    run: (editor) => launchOf(editor).start({ again: true }),
  },
  {
    name: "run-edited",
    group: "run",
    label: (editor) => `Run with ${cells(launchOf(editor).edits)} changed by hand`,
    disabled: (editor) =>
      launchOf(editor).barred || (launchOf(editor).edits === 0 ? "no cell was changed" : ""),
    run: (editor) => launchOf(editor).startEdited(),
  },
  {
    name: "pause",
    group: "run",
    label: (editor) => (isPaused(editor) ? "Resume" : "Pause"),
    keys: [","],
    disabled: notGoing,
    run: (editor) => editor.ask({ type: "STEER", how: isPaused(editor) ? "resume" : "pause" }),
  },
  {
    name: "step",
    group: "run",
    label: (editor) => {
      const next = nextHeld(editor.store.state.run);
      return next === null ? "Step, node by node" : `Step: run ${next} next`;
    },
    keys: ["."],
    disabled: (editor) => {
      const launch = launchOf(editor);
      if (!launch.going) return launch.barred;
      if (editor.store.state.run === null || !isPaused(editor)) return "";
      return nextHeld(editor.store.state.run) === null ? "no node waits to go" : "";
    },
    run: (editor) => {
      const { run } = editor.store.state;
      if (!launchOf(editor).going) launchOf(editor).start({ paused: true });
      else if (!isPaused(editor)) void editor.ask({ type: "STEER", how: "pause" });
      else void editor.ask({ type: "STEER", how: "step", node: nextHeld(run) });
    },
  },
  {
    name: "cancel",
    group: "run",
    label: (editor) => {
      const { run } = editor.store.state;
      return run !== null && finishing(run) ? "Give up the run" : "Cancel run";
    },
    keys: ["c"],
    disabled: notGoing,
    run: (editor) => editor.session.cancel(),
  },
  {
    name: "parameters",
    group: "run",
    label: () => "Parameters…",
    keys: ["p"],
    disabled: (editor) => (editor.flow?.params.length ? "" : "the flow has no parameters"),
    run: (editor) => launchOf(editor).change({ open: !launchOf(editor).state.open }),
  },
];

/** How much of what a run did is told on the canvas. */
export const RUN_VIEWS: readonly Command[] = [
  {
    name: "edge-labels",
    group: "view",
    label: (editor) => `${editor.state.edgeLabels ? "Hide" : "Show"} labels on edges`,
    keys: ["Shift+l"],
    disabled: () => "",
    run: (editor) => editor.change({ edgeLabels: !editor.state.edgeLabels }),
  },
];

/** The nodes that are meant: those selected, else the one whose details are open. */
function chosen(editor: Editor): readonly string[] {
  const nodes = editor.selected().map((one) => one.name);
  const { open } = editor.state;
  return nodes.length > 0 || open === null ? nodes : [open];
}

function here(editor: Editor): string {
  const nodes = chosen(editor);
  return nodes.length === 1 ? (nodes[0] ?? "here") : "here";
}

function barredHere(editor: Editor): string {
  return launchOf(editor).barred || (chosen(editor).length === 0 ? "no node is selected" : "");
}

function notGoing(editor: Editor): string {
  return launchOf(editor).going ? "" : "nothing is running";
}

function isPaused(editor: Editor): boolean {
  const { run } = editor.store.state;
  return run?.paused === true;
}

function cells(count: number): string {
  return count === 1 ? "1 cell" : `${count} cells`;
}
