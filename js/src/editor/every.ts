/** Every command there is, in the order menus have them. */
import type { Command } from "./commands";
import { ADDING } from "./commands/adding";
import { ARRANGING } from "./commands/arranging";
import { EDITING } from "./commands/editing";
import { FRAMING } from "./commands/framing";
import { GOING } from "./commands/going";
import { GROUPING } from "./commands/grouping";
import { HISTORY } from "./commands/history";
import { RUN_VIEWS, RUNNING } from "./commands/running";
import { SELECTING } from "./commands/selecting";

import { SETTINGS } from "./commands/settings";

import { SHARING } from "./commands/sharing";
import { STATISTICS } from "./commands/statistics";
import { VIEWING } from "./commands/viewing";

/** What can be done in a page where nobody answers. */
export function stillOf(all: readonly Command[]): readonly Command[] {
  return all.filter((one) => one.group === "view");
}

export const EVERY: readonly Command[] = [
  ...ADDING,
  ...HISTORY,
  ...EDITING,
  ...GROUPING,
  ...ARRANGING,
  ...SELECTING,
  ...VIEWING,
  ...FRAMING,
  ...RUN_VIEWS,
  ...RUNNING,
  ...STATISTICS,
  ...GOING,
  ...SETTINGS,
  ...SHARING,
];
