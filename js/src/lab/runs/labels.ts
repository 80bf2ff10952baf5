/** What actions are called, in menus, on buttons and by screen readers. */
import type { ActionName } from "./actions";
import type { Words } from "./words";

export function actionWord(trans: Words, name: ActionName): string {
  switch (name) {
    case "view":
      return trans.__("View Run");
    case "rerun":
      return trans.__("Run Again");
    case "replay":
      return trans.__("Replay Run…");
    case "cancel":
      return trans.__("Cancel Run");
    case "pause":
      return trans.__("Pause Run");
    case "resume":
      return trans.__("Resume Run");
    case "pin":
      return trans.__("Pin Run");
    case "unpin":
      return trans.__("Unpin Run");
    case "delete":
      return trans.__("Delete Run…");
    case "compare":
      return trans.__("Compare Two Runs");
    case "copy-id":
      return trans.__("Copy Id of Run");
  }
}

export function actionHelp(trans: Words, name: ActionName): string {
  switch (name) {
    case "view":
      return trans.__("Open the canvas as it was in this run, with its events and values");
    case "rerun":
      return trans.__("Run the flow again with the same parameters");
    case "replay":
      return trans.__("Run again from a node on, with other parameters, and reuse what was before");
    case "cancel":
      return trans.__("Ask the process that performs the run to stop");
    case "pause":
      return trans.__("Let what runs end, and begin nothing new");
    case "resume":
      return trans.__("Go on after a pause");
    case "pin":
      return trans.__("Keep the run whatever the rules of retention say");
    case "unpin":
      return trans.__("Let the rules of retention have the run again");
    case "delete":
      return trans.__("Delete the run for good");
    case "compare":
      return trans.__("Show what differs between the two selected runs");
    case "copy-id":
      return trans.__("Copy the id of the run");
  }
}
