/** Lines that a node printed and logged, and which of them are wanted. Pure. */
import type { Level, LogLine } from "../protocol/generated";

export const LEVELS: readonly Level[] = ["debug", "info", "warning", "error"];

/** Signs beside the words, so that colour is never alone. */
export const LEVEL_SIGNS: Readonly<Record<Level, string>> = {
  debug: "·",
  info: "",
  warning: "!",
  error: "✗",
};

export interface Wanted {
  /** '' for all of them. */
  readonly stream: string;
  /** This grave, or graver. */
  readonly level: Level;
  readonly find: string;
}

export const EVERY: Wanted = { stream: "", level: "debug", find: "" };

export function wantedLines(lines: readonly LogLine[], wanted: Wanted): readonly LogLine[] {
  const find = wanted.find.trim().toLowerCase();
  const least = LEVELS.indexOf(wanted.level);
  return lines.filter(
    (line) =>
      (wanted.stream === "" || line.stream === wanted.stream) &&
      LEVELS.indexOf(line.level) >= least &&
      (find === "" || line.text.toLowerCase().includes(find)),
  );
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
