/** The panel: the schedules of the project, or the one that is being written. */
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Icon } from "../runs/icons";
import { Card } from "./Card";
import type { SchedulesModel, View } from "./model";
import { ScheduleForm } from "./ScheduleForm";
import type { Schedule } from "./schedule";

/** What the panel asks of the application it stands in. */
export interface Outside {
  readonly openRun: (run: string) => void;
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
  const writing = view.editing !== null;
  useFocus(place, writing);
  return (
    <div className="fb-runs fb-schedules" ref={place} data-phase={view.phase}>
      <header className="fb-runs-top">
        <h2>{trans.__("Schedules")}</h2>
        <span
          className="fb-runs-live"
          data-live={view.running ? "on" : "off"}
          title={
            view.running
              ? trans.__("This server starts what is due.")
              : trans.__("This server starts nothing by itself: flowbook scheduler does.")
          }
        >
          {view.running ? trans.__("On duty") : trans.__("Off duty")}
        </span>
        <button
          type="button"
          className="fb-runs-tool"
          data-action="new"
          aria-label={trans.__("New schedule")}
          title={trans.__("New schedule")}
          disabled={writing}
          onClick={() => void model.begin()}
        >
          <Icon name="add" />
        </button>
      </header>
      <div className="fb-schedules-body">
        {view.editing !== null ? (
          <ScheduleForm
            {...{ editing: view.editing, flows: view.flows, zones: view.zones, trans }}
            onWrite={(change) => model.write(change)}
            onSave={() => void model.save()}
            onCancel={() => model.close()}
          />
        ) : (
          <List {...{ model, outside, view }} />
        )}
      </div>
      <p className="fb-runs-unseen" role="status" aria-live="polite">
        {view.said}
      </p>
    </div>
  );
}

/** A form that opens is at hand; where it closes, the list is again. */
function useFocus(place: { readonly current: HTMLDivElement | null }, writing: boolean): void {
  const was = useRef(writing);
  useEffect(() => {
    if (was.current === writing) return;
    was.current = writing;
    const wanted = writing ? "[data-focus], input, select" : '[data-action="new"]';
    place.current?.querySelector<HTMLElement>(`.fb-schedules-body ${wanted}, ${wanted}`)?.focus();
  }, [place, writing]);
}

function List({ model, outside, view }: PanelProps & { readonly view: View }): ReactNode {
  const { trans } = model;
  const now = useNow();
  if (view.phase === "failed" && view.failure !== null)
    return (
      <section className="fb-runs-state" role="alert">
        <h3>{trans.__("The schedules cannot be read")}</h3>
        <p>
          {view.failure.message} {view.failure.hint}
        </p>
        <button type="button" className="fb-runs-button" onClick={() => void model.reload()}>
          {trans.__("Try Again")}
        </button>
      </section>
    );
  if (view.phase === "loading") return <p className="fb-schedules-faint">{trans.__("Reading…")}</p>;
  if (view.schedules.length === 0) return <Empty model={model} />;
  return (
    <ul className="fb-schedules-list">
      {view.schedules.map((one) => (
        <Card
          key={one.name}
          schedule={one}
          slots={view.histories.get(one.name) ?? null}
          trouble={view.troubles.get(one.name) ?? null}
          {...{ now, trans }}
          acts={{
            turn: (on) => void model.act(one.name, on ? "resume" : "pause"),
            run: () => void model.act(one.name, "run"),
            edit: () => void model.open(one.name),
            remove: () =>
              void outside.confirm(one).then((sure) => (sure ? model.remove(one.name) : undefined)),
            history: () => model.toggleHistory(one.name),
            open: outside.openRun,
            notebook: () => outside.openNotebook(one.notebook),
            forgive: () => model.forgive(one.name),
          }}
        />
      ))}
    </ul>
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
