/** What a rule of notification told whoever has JupyterLab open, and how that is said there. */
import type { TranslationBundle } from "@jupyterlab/translation";

export interface Delivery {
  readonly id: string;
  readonly rule: string;
  readonly flow: string;
  readonly run_id: string | null;
  readonly level: string;
  readonly message: string;
  readonly error: string | null;
  readonly written_at: string;
}

export type Level = "error" | "warning" | "success" | "info";

/** One note in JupyterLab's corner; `run` is the one it can lead to. */
export interface Note {
  readonly text: string;
  readonly level: Level;
  readonly run: string | null;
}

/** More than this many of one moment are said in one note. */
export const MOST_NOTES = 3;
/** JupyterLab shows no more of a note. */
const LONGEST = 140;

export function notesOf(
  told: readonly Delivery[],
  trans: Pick<TranslationBundle, "__" | "_n">,
): readonly Note[] {
  if (told.length <= MOST_NOTES) return told.map(noteOf);
  const flows = [...new Set(told.map(({ flow }) => flow))].join(", ");
  const text = trans._n("%1 notification: %2", "%1 notifications: %2", told.length, flows);
  return [{ text: shortened(text), level: gravest(told), run: null }];
}

function noteOf({ message, error, level, run_id }: Delivery): Note {
  const [why] = (error ?? "").split("\n", 1);
  return {
    text: shortened(why ? `${message}: ${why}` : message),
    level: levelOf(level),
    run: run_id,
  };
}

const LEVELS: readonly Level[] = ["error", "warning", "success", "info"];

function levelOf(level: string): Level {
  return LEVELS.find((one) => one === level) ?? "info";
}

function gravest(told: readonly Delivery[]): Level {
  const levels = new Set(told.map(({ level }) => levelOf(level)));
  return LEVELS.find((one) => levels.has(one)) ?? "info";
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
