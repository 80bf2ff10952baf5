/** One schedule: whether it is on, when it comes next, what came of the last moments. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "../runs/icons";
import { exact, statusWord, type Words } from "../runs/words";
import { Fires } from "./Fires";
import type { Trouble } from "./model";
import type { Schedule, Slot } from "./schedule";
import { reading, shortly, until } from "./words";

export interface CardActs {
  readonly turn: (on: boolean) => void;
  readonly run: () => void;
  readonly edit: () => void;
  readonly remove: () => void;
  readonly history: () => void;
  readonly open: (run: string) => void;
  readonly notebook: () => void;
  readonly forgive: () => void;
}

export interface CardProps {
  readonly schedule: Schedule;
  readonly slots: readonly Slot[] | null;
  readonly trouble: Trouble | null;
  readonly now: number;
  readonly trans: Words;
  readonly acts: CardActs;
}

export function Card({ schedule, slots, trouble, now, trans, acts }: CardProps): ReactNode {
  const { name, flow, enabled, words, next, problem, warnings } = schedule;
  const [first] = next;
  return (
    <li className="fb-schedules-card" data-schedule={name} data-enabled={enabled}>
      <header>
        <button
          type="button"
          role="switch"
          className="fb-schedules-switch"
          aria-checked={enabled}
          aria-label={trans.__("%1 runs by itself", name)}
          title={enabled ? trans.__("Pause") : trans.__("Go on")}
          onClick={() => acts.turn(!enabled)}
        />
        <h3>{name}</h3>
        <Buttons name={name} trans={trans} acts={acts} open={slots !== null} />
      </header>
      <p>
        <button type="button" className="fb-runs-link" onClick={acts.notebook}>
          {flow}
        </button>
        {" · "}
        {words}
      </p>
      <p className="fb-schedules-next">
        {!enabled
          ? trans.__("Paused")
          : first === undefined
            ? trans.__("It will not come again")
            : trans.__("Next: %1, %2", reading(first), until(first.at, now))}
        {enabled && first !== undefined && first.note !== "" && (
          <em>
            <Icon name="warn" /> {first.note}
          </em>
        )}
      </p>
      {[problem, ...warnings].filter(Boolean).map((text) => (
        <p key={text} className="fb-schedules-warn">
          {text}
        </p>
      ))}
      {trouble !== null && (
        <p className="fb-schedules-bad" role="alert">
          {trouble.message} {trouble.hint}{" "}
          <button type="button" className="fb-runs-link" onClick={acts.forgive}>
            {trans.__("Dismiss")}
          </button>
        </p>
      )}
      <Marks slots={schedule.slots} trans={trans} onOpen={acts.open} />
      {slots !== null && (
        <section className="fb-schedules-more">
          {enabled && <Fires fires={next} trans={trans} />}
          <History slots={slots} trans={trans} onOpen={acts.open} />
        </section>
      )}
    </li>
  );
}

interface ButtonsProps {
  readonly name: string;
  readonly trans: Words;
  readonly acts: CardActs;
  readonly open: boolean;
}

function Buttons({ name, trans, acts, open }: ButtonsProps): ReactNode {
  const button = (action: string, icon: IconName, label: string, act: () => void) => (
    <button
      type="button"
      className="fb-runs-tool"
      data-action={action}
      aria-label={`${label}: ${name}`}
      title={label}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <span className="fb-schedules-tools">
      {button("run", "resume", trans.__("Run now"), acts.run)}
      {button("edit", "edit", trans.__("Edit"), acts.edit)}
      {button("remove", "delete", trans.__("Delete"), acts.remove)}
      <button
        type="button"
        className="fb-runs-tool"
        data-action="history"
        aria-expanded={open}
        aria-label={trans.__("What comes and came: %1", name)}
        title={trans.__("What comes and came")}
        onClick={acts.history}
      >
        <Icon name={open ? "up" : "down"} />
      </button>
    </span>
  );
}

/** How a slot went, as runs have it; what never ran is skipped. */
function outcome({ verdict, run, run_status }: Slot): string {
  if (run_status !== null) return run_status;
  if (run !== null) return "gone";
  return verdict === "wait" ? "queued" : "skipped";
}

interface SlotsProps {
  readonly slots: readonly Slot[];
  readonly trans: Words;
  readonly onOpen: (run: string) => void;
}

/** The last moments, the latest at the end, each a mark. */
function Marks({ slots, trans, onOpen }: SlotsProps): ReactNode {
  if (slots.length === 0) return null;
  return (
    <ol className="fb-schedules-marks" aria-label={trans.__("Last moments")}>
      {[...slots].reverse().map((slot) => {
        const { run } = slot;
        const label = `${exact(slot.scheduled_for)}: ${slot.run_status ?? slot.words}`;
        return (
          <li key={slot.scheduled_for} data-status={outcome(slot)}>
            {run !== null && slot.run_status !== null ? (
              <button type="button" aria-label={label} title={label} onClick={() => onOpen(run)} />
            ) : (
              <span role="img" aria-label={label} title={label} />
            )}
          </li>
        );
      })}
    </ol>
  );
}

function History({ slots, trans, onOpen }: SlotsProps): ReactNode {
  if (slots.length === 0)
    return <p className="fb-schedules-faint">{trans.__("No moment of it has come yet.")}</p>;
  return (
    <table className="fb-schedules-slots">
      <caption>{trans.__("What came of its moments")}</caption>
      <tbody>
        {slots.map((slot) => {
          const { run } = slot;
          return (
            <tr key={`${slot.scheduled_for} ${slot.decided_at}`} data-status={outcome(slot)}>
              <th scope="row">
                <time dateTime={slot.scheduled_for} title={exact(slot.scheduled_for)}>
                  {shortly(slot.scheduled_for)}
                </time>
              </th>
              <td title={slot.detail}>{slot.words}</td>
              <td>
                {run !== null && slot.run_status !== null && (
                  <button type="button" className="fb-runs-link" onClick={() => onOpen(run)}>
                    {statusWord(trans, slot.run_status)}
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
