/** Which lines of a log are wanted, whether its end is followed, and a copy of them. */
import { LEVELS, type Wanted } from "../../model/logLines";
import type { Details, Level } from "../../protocol/generated";

const STREAMS = { "": "everything", stdout: "printed", stderr: "errors", log: "logged" } as const;

export interface LogProps {
  readonly details: Details;
  readonly wanted: Wanted;
  readonly onWanted: (change: Partial<Wanted>) => void;
}

interface LogToolsProps {
  readonly wanted: Wanted;
  readonly onWanted: (change: Partial<Wanted>) => void;
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
  readonly onCopy: () => void;
}

export function LogTools({ wanted, onWanted, follow, onFollow, onCopy }: LogToolsProps) {
  return (
    <div className="fb-log-tools">
      <select
        aria-label="Which lines"
        value={wanted.stream}
        onChange={(event) => onWanted({ stream: event.currentTarget.value })}
      >
        {Object.entries(STREAMS).map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
      <select
        aria-label="How grave"
        value={wanted.level}
        onChange={(event) => onWanted({ level: event.currentTarget.value as Level })}
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
        value={wanted.find}
        onInput={(event) => onWanted({ find: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || wanted.find === "") return;
          onWanted({ find: "" });
          event.stopPropagation();
        }}
      />
      <label>
        <input
          type="checkbox"
          checked={follow}
          onChange={(event) => onFollow(event.currentTarget.checked)}
        />
        Follow
      </label>
      <button type="button" className="fb-small" onClick={onCopy}>
        Copy
      </button>
    </div>
  );
}
