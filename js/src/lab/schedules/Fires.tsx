/** Moments to come, on the clock of their zone; what is odd about one is said beside it. */
import type { ReactNode } from "react";
import { Icon } from "../runs/icons";
import type { Words } from "../runs/words";
import type { Fire } from "./schedule";
import { offset, reading } from "./words";

export function Fires({
  fires,
  trans,
}: {
  readonly fires: readonly Fire[];
  readonly trans: Words;
}): ReactNode {
  if (fires.length === 0) return <p className="fb-schedules-warn">{trans.__("It never comes.")}</p>;
  return (
    <ol className="fb-schedules-fires" aria-label={trans.__("Next runs")}>
      {fires.map((fire) => (
        <li key={fire.at}>
          <time dateTime={fire.at} title={`${fire.at.slice(0, 16).replace("T", " ")} UTC`}>
            {reading(fire)}
          </time>{" "}
          <small>{offset(fire)}</small>
          <ClockNote note={fire.note} />
        </li>
      ))}
    </ol>
  );
}

/** What happens to the clock on that day; nothing on most. */
export function ClockNote({ note }: { readonly note: string }): ReactNode {
  if (note === "") return null;
  return (
    <em>
      <Icon name="warn" /> {note}
    </em>
  );
}
