/** What keys do in a text of code: indent, outdent, go on a line below as deep as is meant. */

export interface Typed {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const STEP: Readonly<Record<string, string>> = { python: "    ", sql: "    " };

/** The text after a key, or null where the key does what it always does. */
export function edited(now: Typed, key: string, shift: boolean, language: string): Typed | null {
  const step = STEP[language] ?? "  ";
  if (key === "Tab") return shift ? outdented(now, step) : indented(now, step);
  return key === "Enter" && !shift ? below(now, step) : null;
}

function put(now: Typed, text: string, at = text.length): Typed {
  const made = now.text.slice(0, now.start) + text + now.text.slice(now.end);
  return { text: made, start: now.start + at, end: now.start + at };
}

function indented(now: Typed, step: string): Typed {
  if (!now.text.slice(now.start, now.end).includes("\n")) return put(now, step);
  return eachLine(now, (line) => (line === "" ? line : step + line));
}

function outdented(now: Typed, step: string): Typed {
  return eachLine(now, (line) =>
    line.startsWith(step) ? line.slice(step.length) : line.replace(/^[ \t]+/, ""),
  );
}

function eachLine(now: Typed, change: (line: string) => string): Typed {
  const from = now.text.lastIndexOf("\n", now.start - 1) + 1;
  const lines = now.text.slice(from, now.end).split("\n");
  const made = lines.map(change);
  const first = (made[0]?.length ?? 0) - (lines[0]?.length ?? 0);
  const whole = made.join("\n");
  const grown = whole.length - (now.end - from);
  return {
    text: now.text.slice(0, from) + whole + now.text.slice(now.end),
    start: Math.max(from, now.start + first),
    end: Math.max(from, now.end + grown),
  };
}

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** A new line as deep as this one; a step deeper behind a colon or what opens a bracket. */
function below(now: Typed, step: string): Typed {
  const line = now.text.slice(now.text.lastIndexOf("\n", now.start - 1) + 1, now.start);
  const deep = /^[ \t]*/.exec(line)?.[0] ?? "";
  const last = line.trimEnd().slice(-1);
  const closing = CLOSING[last];
  if (closing !== undefined && now.text[now.end] === closing)
    return put(now, `\n${deep}${step}\n${deep}`, 1 + deep.length + step.length);
  return put(now, `\n${deep}${closing !== undefined || last === ":" ? step : ""}`);
}
