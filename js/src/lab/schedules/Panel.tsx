/** The panel: the schedules of the project, or the one that is being written. */
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Tool } from "../runs/Tool";
import type { Words } from "../runs/words";
import { Card, type CardActs } from "./Card";
import type { SchedulesModel, View } from "./model";
import { ScheduleForm } from "./ScheduleForm";
import type { Schedule, Trouble } from "./schedule";

/** What the panel asks of the application it stands in. */
export interface Outside {
  readonly openRun: (run: string) => void;
  /** Show who is told of what, of one flow or of all. */
  readonly notifications: (flow?: string) => void;
  readonly openNotebook: (path: string) => void;
  /** Whether it is really to be removed. */
  readonly confirm: (schedule: Schedule) => Promise<boolean>;
}

export interface PanelProps {
  readonly model: SchedulesModel;
  readonly outside: Outside;
}

export function Panel({ model, outside }: PanelProps): ReactNode {
  const view = useSyncExternalStore(model.subscribe, model.look);
  const place = useRef<HTMLDivElement>(null);
  const { trans } = model;
  const { phase, running, editing, flows, zones, said } = view;
  useFocus(place, editing !== null);
  useStartFocus(place, view.starting?.of ?? null);
  return (
    <div className="fb-runs fb-schedules" ref={place} data-phase={phase}>
      <Top
        {...{ running, trans }}
        writing={editing !== null}
        onTell={() => outside.notifications()}
        onNew={() => void model.begin()}
      />
      <div className="fb-schedules-body">
        {editing !== null ? (
          <ScheduleForm
            {...{ editing, flows, zones, trans }}
            onWrite={(change) => model.write(change)}
            onSave={() => void model.save()}
            onCancel={() => model.close()}
          />
        ) : (
          <List {...{ model, outside, view }} />
        )}
      </div>
      <p className="fb-runs-unseen" role="status" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

interface TopProps {
  /** This server starts what is due. */
  readonly running: boolean;
  /** One is being written: no other can be begun. */
  readonly writing: boolean;
  readonly trans: Words;
  readonly onTell: () => void;
  readonly onNew: () => void;
}

/** What the panel is, whether this server is on duty, and the way to a new schedule. */
function Top({ running, writing, trans, onTell, onNew }: TopProps): ReactNode {
  const why = running
    ? trans.__("This server starts what is due.")
    : trans.__("This server starts nothing by itself: flowbook scheduler does.");
  return (
    <header className="fb-runs-top">
      <h2>{trans.__("Schedules")}</h2>
      <span className="fb-runs-live" data-live={running ? "on" : "off"} title={why}>
        {running ? trans.__("On duty") : trans.__("Off duty")}
      </span>
      <Tool
        icon="bell"
        label={trans.__("Notifications")}
        title={trans.__("Notifications: who is told of runs that fail or do not come")}
        data-action="notifications"
        onClick={onTell}
      />
      <Tool
        icon="add"
        label={trans.__("New schedule")}
        data-action="new"
        disabled={writing}
        onClick={onNew}
      />
    </header>
  );
}

/** A form that opens is at hand; where it closes, the list is again. */
function useFocus(place: { readonly current: HTMLDivElement | null }, writing: boolean): void {
  const was = useRef(writing);
  useEffect(() => {
    if (was.current === writing) return;
    was.current = writing;
    const wanted = writing ? ".fb-schedules-form :is(input, select)" : '[data-action="new"]';
    place.current?.querySelector<HTMLElement>(wanted)?.focus();
  }, [place, writing]);
}

/** What is about to be run is at hand; where that closes, what opened it is again. */
function useStartFocus(place: { readonly current: HTMLDivElement | null }, of: string | null) {
  const was = useRef(of);
  useEffect(() => {
    const name = of ?? was.current;
    if (was.current === of || name === null) return;
    was.current = of;
    const wanted = of === null ? '[data-action="run-with"]' : ".fb-schedules-run input";
    const card = `[data-schedule="${CSS.escape(name)}"]`;
    place.current?.querySelector<HTMLElement>(`${card} ${wanted}`)?.focus();
  }, [place, of]);
}

function List({ model, outside, view }: PanelProps & { readonly view: View }): ReactNode {
  const { trans } = model;
  const { phase, failure, schedules, starting, histories, troubles } = view;
  const now = useNow();
  if (phase === "failed" && failure !== null) return <Failed {...{ model, failure }} />;
  if (phase === "loading") return <p className="fb-schedules-faint">{trans.__("Reading…")}</p>;
  if (schedules.length === 0) return <Empty model={model} />;
  return (
    <ul className="fb-schedules-list">
      {schedules.map((schedule) => (
        <Card
          key={schedule.name}
          {...{ schedule, now, trans }}
          slots={histories.get(schedule.name) ?? null}
          trouble={troubles.get(schedule.name) ?? null}
          starting={starting?.of === schedule.name ? starting : null}
          acts={actsOf(schedule, model, outside)}
        />
      ))}
    </ul>
  );
}

/** What can be done with one schedule: by the model, or outside of the panel. */
function actsOf(schedule: Schedule, model: SchedulesModel, outside: Outside): CardActs {
  const { name, flow, notebook } = schedule;
  return {
    turn: (on) => void model.act(name, on ? "resume" : "pause"),
    run: () => void model.act(name, "run"),
    runWith: () =>
      model.look().starting?.of === name ? model.starter.close() : model.starter.open(name),
    starting: {
      write: (place, change) => model.starter.write(place, change),
      more: () => model.starter.more(),
      start: () => void model.starter.run(),
      close: () => model.starter.close(),
    },
    edit: () => void model.open(name),
    remove: () =>
      void outside.confirm(schedule).then((sure) => (sure ? model.remove(name) : undefined)),
    history: () => model.toggleHistory(name),
    open: outside.openRun,
    notifications: () => outside.notifications(flow),
    notebook: () => outside.openNotebook(notebook),
    forgive: () => model.forgive(name),
  };
}

interface FailedProps {
  readonly model: SchedulesModel;
  readonly failure: Trouble;
}

function Failed({ model, failure }: FailedProps): ReactNode {
  const { trans } = model;
  return (
    <section className="fb-runs-state" role="alert">
      <h3>{trans.__("The schedules cannot be read")}</h3>
      <p>
        {failure.message} {failure.hint}
      </p>
      <button type="button" className="fb-runs-button" onClick={() => void model.reload()}>
        {trans.__("Try Again")}
      </button>
    </section>
  );
}

function Empty({ model }: { readonly model: SchedulesModel }): ReactNode {
  const { trans } = model;
  return (
    <section className="fb-runs-state">
      <h3>{trans.__("Nothing runs by itself yet")}</h3>
      <p>
        {trans.__("A published flow can be run by the clock: every morning, every hour, once.")}
      </p>
      <button type="button" className="fb-runs-button" onClick={() => void model.begin()}>
        {trans.__("New Schedule")}
      </button>
    </section>
  );
}

/** The time, told again every few seconds. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
