/** Lines that a node printed and logged: how grave they are, and which are wanted. Pure. */
import type { LogLine } from "../protocol/generated";

export type Level = "debug" | "info" | "warning" | "error";

export const LEVELS: readonly Level[] = ["debug", "info", "warning", "error"];

/** Signs beside the words, so that colour is never alone. */
export const LEVEL_SIGNS: Readonly<Record<Level, string>> = {
  debug: "·",
  info: "",
  warning: "!",
  error: "✗",
};

const SPELLED: Readonly<Record<string, Level>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  notice: "info",
  warn: "warning",
  warning: "warning",
  error: "error",
  critical: "error",
  fatal: "error",
};
const WORD = "(trace|debug|info|notice|warn|warning|error|critical|fatal)";
/** As loggers begin their lines: `WARNING:`, `[error]`, `2026-01-01 10:00:00,1 - x - INFO - `. */
const HEADED = new RegExp(`^\\s*\\[?${WORD}\\]?\\b\\s*[:\\-|\\]]`, "i");
const DATED = new RegExp(
  `^\\s*\\[?\\d{4}-\\d\\d-\\d\\d[T\\d:.,+ -]*Z?\\W*(?:[\\w.]+\\W+)??\\[?${WORD}\\b`,
  "i",
);
const RAISED = /^\s*(Traceback \(most recent|[\w.]*(Error|Exception)\b:)/;

/** How grave a line is, by how it begins; what is on stderr and says nothing else is a warning. */
export function levelOf({ stream, text }: LogLine): Level {
  const said = (HEADED.exec(text) ?? DATED.exec(text))?.[1]?.toLowerCase();
  const level = said === undefined ? undefined : SPELLED[said];
  if (level !== undefined) return level;
  if (stream !== "stderr") return "info";
  if (text.trim() === "") return "info";
  return RAISED.test(text) ? "error" : "warning";
}

export interface Wanted {
  /** '' for all of them. */
  readonly stream: string;
  /** This grave, or graver. */
  readonly level: Level;
  readonly find: string;
}

export interface SeenLine extends LogLine {
  readonly level: Level;
}

export function wantedLines(lines: readonly LogLine[], wanted: Wanted): readonly SeenLine[] {
  const find = wanted.find.trim().toLowerCase();
  const least = LEVELS.indexOf(wanted.level);
  return lines
    .filter((line) => wanted.stream === "" || line.stream === wanted.stream)
    .map((line) => ({ ...line, level: levelOf(line) }))
    .filter((line) => LEVELS.indexOf(line.level) >= least)
    .filter((line) => find === "" || line.text.toLowerCase().includes(find));
}

/** When it was said: `10:04:31.250`. */
export function clockOf(at: number): string {
  const when = new Date(at * 1000);
  const [hours, minutes, seconds] = [when.getHours(), when.getMinutes(), when.getSeconds()];
  const two = (n: number) => String(n).padStart(2, "0");
  const ms = String(when.getMilliseconds()).padStart(3, "0");
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${ms}`;
}

/** A text in parts, every other of which is what was looked for. */
export function split(text: string, find: string): readonly string[] {
  const wanted = find.trim().toLowerCase();
  if (wanted === "") return [text];
  const parts: string[] = [];
  const small = text.toLowerCase();
  let from = 0;
  for (let at = small.indexOf(wanted); at >= 0; at = small.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  return [...parts, text.slice(from)];
}
