/** One schedule: whether it is on, when it comes next, what came of the last moments. */
import type { ReactNode } from "react";
import type { IconName } from "../runs/icons";
import { Tool } from "../runs/Tool";
import type { Words } from "../runs/words";
import { ClockNote, Fires } from "./Fires";
import { Refused, Warnings } from "./Notices";
import { type RunActs, RunForm } from "./RunForm";
import { History, Marks } from "./Slots";
import type { Fire, Schedule, Slot, Trouble } from "./schedule";
import type { Starting } from "./starting";
import { reading, until } from "./words";

export interface CardActs {
  readonly turn: (on: boolean) => void;
  readonly run: () => void;
  /** Open what it is run with, or close it. */
  readonly runWith: () => void;
  readonly starting: RunActs;
  readonly edit: () => void;
  readonly remove: () => void;
  readonly history: () => void;
  readonly open: (run: string) => void;
  readonly notebook: () => void;
  readonly notifications: () => void;
  readonly forgive: () => void;
}

export interface CardProps {
  readonly schedule: Schedule;
  readonly slots: readonly Slot[] | null;
  readonly trouble: Trouble | null;
  /** What it is about to be run with. */
  readonly starting: Starting | null;
  readonly now: number;
  readonly trans: Words;
  readonly acts: CardActs;
}

export function Card(props: CardProps): ReactNode {
  const { schedule, slots, trouble, starting, now, trans, acts } = props;
  const { name, flow, enabled, words, next, problem, warnings } = schedule;
  return (
    <li className="fb-schedules-card" data-schedule={name} data-enabled={enabled}>
      <header>
        <Switch {...{ name, enabled, trans }} onTurn={acts.turn} />
        <h3>{name}</h3>
        <Buttons {...{ name, trans, acts }} open={slots !== null} starts={starting !== null} />
      </header>
      <p>
        <button type="button" className="fb-runs-link" onClick={acts.notebook}>
          {flow}
        </button>
        {" · "}
        {words}
      </p>
      <Next {...{ enabled, now, trans }} first={next[0]} />
      <Warnings texts={[...(problem ? [problem] : []), ...warnings]} />
      {trouble !== null && (
        <Refused refusal={trouble}>
          <button type="button" className="fb-runs-link" onClick={acts.forgive}>
            {trans.__("Dismiss")}
          </button>
        </Refused>
      )}
      {starting !== null && <RunForm {...{ starting, trans }} acts={acts.starting} />}
      <Marks slots={schedule.slots} trans={trans} onOpen={acts.open} />
      {slots !== null && (
        <section className="fb-schedules-more">
          {enabled && <Fires fires={next} trans={trans} />}
          <History slots={slots} trans={trans} onOpen={acts.open} />
          <button
            type="button"
            className="fb-runs-link fb-schedules-tell"
            data-action="notifications"
            onClick={acts.notifications}
          >
            {trans.__("Notifications about %1…", flow)}
          </button>
        </section>
      )}
    </li>
  );
}

interface SwitchProps extends Pick<Schedule, "name" | "enabled"> {
  readonly trans: Words;
  readonly onTurn: (on: boolean) => void;
}

/** Whether it runs by itself: what is off stays written, and comes when it is asked to. */
function Switch({ name, enabled, trans, onTurn }: SwitchProps): ReactNode {
  return (
    <button
      type="button"
      role="switch"
      className="fb-schedules-switch"
      aria-checked={enabled}
      aria-label={trans.__("%1 runs by itself", name)}
      title={enabled ? trans.__("Pause") : trans.__("Go on")}
      onClick={() => onTurn(!enabled)}
    />
  );
}

interface NextProps {
  readonly enabled: boolean;
  /** The first of the moments to come, where there is one. */
  readonly first: Fire | undefined;
  readonly now: number;
  readonly trans: Words;
}

function Next({ enabled, first, now, trans }: NextProps): ReactNode {
  if (!enabled) return <p className="fb-schedules-next">{trans.__("Paused")}</p>;
  if (first === undefined)
    return <p className="fb-schedules-next">{trans.__("It will not come again")}</p>;
  return (
    <p className="fb-schedules-next">
      {trans.__("Next: %1, %2", reading(first), until(first.at, now))}
      <ClockNote note={first.note} />
    </p>
  );
}

interface ButtonsProps {
  readonly name: string;
  readonly trans: Words;
  readonly acts: CardActs;
  readonly open: boolean;
  readonly starts: boolean;
}

function Buttons({ name, trans, acts, open, starts }: ButtonsProps): ReactNode {
  const button = (action: string, icon: IconName, label: string, act: () => void) => (
    <Tool
      icon={icon}
      label={`${label}: ${name}`}
      title={label}
      data-action={action}
      onClick={act}
    />
  );
  return (
    <span className="fb-schedules-tools">
      {button("run", "resume", trans.__("Run now"), acts.run)}
      <Tool
        icon="params"
        label={trans.__("Run now…: %1", name)}
        title={trans.__("Run now with other parameters…")}
        data-action="run-with"
        aria-expanded={starts}
        onClick={acts.runWith}
      />
      {button("edit", "edit", trans.__("Edit"), acts.edit)}
      {button("remove", "delete", trans.__("Delete"), acts.remove)}
      <Tool
        icon={open ? "up" : "down"}
        label={trans.__("What comes and came: %1", name)}
        title={trans.__("What comes and came")}
        data-action="history"
        aria-expanded={open}
        onClick={acts.history}
      />
    </span>
  );
}
