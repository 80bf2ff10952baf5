/** A line of a log, and how many there are. */
import { clockOf, LEVEL_SIGNS, split } from "../../model/logLines";
import type { LogLine } from "../../protocol/generated";

interface LineProps {
  readonly line: LogLine;
  readonly find: string;
  /** Where it stands, in a log of which only some lines are drawn. */
  readonly top?: number;
}

export function Line({ line, find, top }: LineProps) {
  const text = line.text.replace(/\n$/, "");
  const sign = LEVEL_SIGNS[line.level];
  return (
    <div
      className="fb-log-line"
      data-stream={line.stream}
      data-level={line.level}
      style={top === undefined ? undefined : { top }}
    >
      <time
        dateTime={new Date(line.at * 1000).toISOString()}
        title={new Date(line.at * 1000).toLocaleString()}
      >
        {clockOf(line.at)}
      </time>
      <span className="fb-level" title={line.level}>
        {sign}
        {sign !== "" && <span className="fb-unseen">{line.level}: </span>}
      </span>
      <pre>
        {split(text, find).map((part, j) =>
          j % 2 === 1 ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other identity
            <mark key={j}>{part}</mark>
          ) : (
            part
          ),
        )}
      </pre>
    </div>
  );
}

/** `3 of 1,200 lines`, `1,200 lines`. */
export function counted(found: number, of: number): string {
  const all = `${of.toLocaleString("en-US")} ${of === 1 ? "line" : "lines"}`;
  return found === of ? all : `${found.toLocaleString("en-US")} of ${all}`;
}
