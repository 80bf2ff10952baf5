/** Lines of a log: all or one stream, as grave as one likes, with a text in them, the end as it comes. */
import { useEffect, useRef, useState } from "react";
import { clockOf, LEVEL_SIGNS, LEVELS, type Level, split, wantedLines } from "../../model/logLines";
import type { LogLine } from "../../protocol/generated";
import { useRemembered } from "../../view/remembered";
import { useCopy } from "./useCopy";
import "../logs.css";

const STREAMS = { "": "everything", stdout: "printed", stderr: "errors", log: "logged" } as const;

interface LogLinesProps {
  readonly lines: readonly LogLine[];
  /** Lines came before these. */
  readonly cut: boolean;
}

export function LogLines({ lines, cut }: LogLinesProps) {
  const [stream, setStream] = useState("");
  const [level, setLevel] = useRemembered<Level>("log-level", "debug");
  const [find, setFind] = useState("");
  const [follow, setFollow] = useState(true);
  const copy = useCopy();
  const end = useRef<HTMLDivElement>(null);
  const seen = wantedLines(lines, { stream, level, find });
  const last = seen.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is new is to be seen
  useEffect(() => {
    if (follow) end.current?.scrollIntoView?.({ block: "nearest" });
  }, [follow, seen.length, last?.at]);
  return (
    <>
      <div className="fb-log-tools">
        <select
          aria-label="Which lines"
          value={stream}
          onChange={(event) => setStream(event.currentTarget.value)}
        >
          {Object.entries(STREAMS).map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
        <select
          aria-label="How grave"
          value={level}
          onChange={(event) => setLevel(event.currentTarget.value as Level)}
        >
          {LEVELS.map((one) => (
            <option key={one} value={one}>
              {one === "debug" ? "all levels" : one === "error" ? "error" : `${one} and worse`}
            </option>
          ))}
        </select>
        <input
          type="search"
          placeholder="Search"
          aria-label="Search in the lines"
          value={find}
          onInput={(event) => setFind(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || find === "") return;
            setFind("");
            event.stopPropagation();
          }}
        />
        <label>
          <input
            type="checkbox"
            checked={follow}
            onChange={(event) => setFollow(event.currentTarget.checked)}
          />
          Follow
        </label>
        <button
          type="button"
          className="fb-small"
          onClick={() =>
            copy(seen.map((one) => one.text.replace(/\n$/, "")).join("\n"), "the lines")
          }
        >
          Copy
        </button>
      </div>
      <p className="fb-faint" role="status">
        {cut && "Only the last lines are shown. "}
        {seen.length < lines.length && `${seen.length} of ${lines.length} lines`}
      </p>
      <section className="fb-logs" aria-label="Lines">
        {seen.map((line, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
          <div key={i} data-stream={line.stream} data-level={line.level}>
            <time
              dateTime={new Date(line.at * 1000).toISOString()}
              title={new Date(line.at * 1000).toLocaleString()}
            >
              {clockOf(line.at)}
            </time>
            <span className="fb-level" title={line.level}>
              {LEVEL_SIGNS[line.level]}
              {LEVEL_SIGNS[line.level] !== "" && <span className="fb-unseen">{line.level}: </span>}
            </span>
            <pre>
              {split(line.text.replace(/\n$/, ""), find).map((part, j) =>
                j % 2 === 1 ? (
                  // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other identity
                  <mark key={j}>{part}</mark>
                ) : (
                  part
                ),
              )}
            </pre>
          </div>
        ))}
        {seen.length === 0 && <p className="fb-faint">No such lines.</p>}
        <div ref={end} />
      </section>
    </>
  );
}
