/** What came of a schedule's moments: a row of marks, and a table of the same in words. */
import type { ReactNode } from "react";
import { exact, statusWord, type Words } from "../runs/words";
import { kept, outcome, type Slot } from "./schedule";
import { shortly } from "./words";

export interface SlotsProps {
  readonly slots: readonly Slot[];
  readonly trans: Words;
  readonly onOpen: (run: string) => void;
}

/** The last moments, the latest at the end, each a mark. */
export function Marks({ slots, trans, onOpen }: SlotsProps): ReactNode {
  if (slots.length === 0) return null;
  return (
    <ol className="fb-schedules-marks" aria-label={trans.__("Last moments")}>
      {[...slots].reverse().map((slot) => {
        const ran = kept(slot);
        const label = `${exact(slot.scheduled_for)}: ${slot.run_status ?? slot.words}`;
        return (
          <li key={slot.scheduled_for} data-status={outcome(slot)}>
            {ran !== null ? (
              <button
                type="button"
                aria-label={label}
                title={label}
                onClick={() => onOpen(ran.run)}
              />
            ) : (
              <span role="img" aria-label={label} title={label} />
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** All that is known of them, the latest first. */
export function History({ slots, trans, onOpen }: SlotsProps): ReactNode {
  if (slots.length === 0)
    return <p className="fb-schedules-faint">{trans.__("No moment of it has come yet.")}</p>;
  return (
    <table className="fb-schedules-slots">
      <caption>{trans.__("What came of its moments")}</caption>
      <tbody>
        {slots.map((slot) => {
          const ran = kept(slot);
          return (
            <tr key={`${slot.scheduled_for} ${slot.decided_at}`} data-status={outcome(slot)}>
              <th scope="row">
                <time dateTime={slot.scheduled_for} title={exact(slot.scheduled_for)}>
                  {shortly(slot.scheduled_for)}
                </time>
              </th>
              <td title={slot.detail}>{slot.words}</td>
              <td>
                {ran !== null && (
                  <button type="button" className="fb-runs-link" onClick={() => onOpen(ran.run)}>
                    {statusWord(trans, ran.status)}
                  </button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
