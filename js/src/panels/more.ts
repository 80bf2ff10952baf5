/** What of the panels is loaded when it is first wanted; see `whole.ts`. */
// biome-ignore-all lint/performance/noBarrelFile: it is the root of a file of its own
export { AddDialog } from "./dialogs/AddDialog";
export { CommandsDialog } from "./dialogs/CommandsDialog";
export { ExportDialog } from "./dialogs/ExportDialog";
export { FindDialog } from "./dialogs/FindDialog";
export { KeysDialog } from "./dialogs/KeysDialog";
export { VersionsDialog } from "./dialogs/VersionsDialog";
export { Grid } from "./grid/Grid";
export { FlowSettings } from "./inspector/FlowSettings";
export { SettingsTab } from "./inspector/SettingsTab";
export { Outline } from "./Outline";
export { LogLines } from "./output/LogLines";
export { Output } from "./output/Output";
export { Palette } from "./Palette";
