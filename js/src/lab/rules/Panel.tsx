/** The panel: the rules of the project, or the one that is being written. */
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { Tool } from "../runs/Tool";
import type { Words } from "../runs/words";
import { Refused } from "../schedules/Notices";
import type { Trouble } from "../schedules/schedule";
import { Card, type CardActs } from "./Card";
import type { RulesModel } from "./model";
import { RuleForm } from "./RuleForm";
import type { Rule } from "./rule";
import { listed, type View, watching } from "./view";

/** What the panel asks of the application it stands in. */
export interface Outside {
  readonly openRun: (run: string) => void;
  /** Whether it is really to be removed. */
  readonly confirm: (rule: Rule) => Promise<boolean>;
}

export interface PanelProps {
  readonly model: RulesModel;
  readonly outside: Outside;
}

export function Panel({ model, outside }: PanelProps): ReactNode {
  const view = useSyncExternalStore(model.subscribe, model.look);
  const place = useRef<HTMLDivElement>(null);
  const { trans } = model;
  const { phase, rules, editing, flow, flows, choices, said } = view;
  useFocus(place, editing !== null);
  return (
    <div className="fb-runs fb-rules" ref={place} data-phase={phase}>
      <Top
        {...{ trans, on: watching(rules), of: rules.length }}
        writing={editing !== null}
        onNew={() => void model.form.begin()}
      />
      {flow !== null && editing === null && <About {...{ flow, model }} />}
      <div className="fb-schedules-body">
        {editing !== null ? (
          <RuleForm
            {...{ editing, flows, choices, trans }}
            onWrite={(change) => model.form.write(change)}
            onAsk={(what) => void model.form.askOfDraft(what)}
            onSave={() => void model.form.save()}
            onCancel={() => model.form.close()}
            onOpen={outside.openRun}
          />
        ) : (
          <List {...{ model, outside, view }} keep={(where) => keepFocus(place.current, where)} />
        )}
      </div>
      <p className="fb-runs-unseen" role="status" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

interface TopProps {
  readonly on: number;
  readonly of: number;
  /** One is being written: no other can be begun. */
  readonly writing: boolean;
  readonly trans: Words;
  readonly onNew: () => void;
}

/** What the panel is, how many rules watch, and the way to a new one. */
function Top({ on, of, writing, trans, onNew }: TopProps): ReactNode {
  return (
    <header className="fb-runs-top">
      <h2>{trans.__("Notifications")}</h2>
      {of > 0 && (
        <span className="fb-runs-live" data-live={on > 0 ? "on" : "off"}>
          {trans.__("%1 of %2 on", on, of)}
        </span>
      )}
      <Tool
        icon="add"
        label={trans.__("New rule")}
        data-action="new"
        disabled={writing}
        onClick={onNew}
      />
    </header>
  );
}

/** Of which flow the rules are that are listed, and the way to all. */
function About({ flow, model }: { readonly flow: string; readonly model: RulesModel }): ReactNode {
  const { trans } = model;
  return (
    <p className="fb-rules-about">
      <span>{trans.__("About %1", flow)}</span>
      <button
        type="button"
        className="fb-runs-link"
        data-action="all"
        onClick={() => model.about(null)}
      >
        {trans.__("Show all")}
      </button>
    </p>
  );
}

/** A form that opens is at hand; where it closes, the list is again. */
function useFocus(place: { readonly current: HTMLDivElement | null }, writing: boolean): void {
  const was = useRef(writing);
  useEffect(() => {
    if (was.current === writing) return;
    was.current = writing;
    const wanted = writing ? ".fb-rules-form :is(input, select)" : '[data-action="new"]';
    place.current?.querySelector<HTMLElement>(wanted)?.focus();
  }, [place, writing]);
}

/** Whoever acted on what is no more stays in the panel, at the button that is always there. */
function keepFocus(place: HTMLElement | null, where = '[data-action="new"]'): void {
  const lost = document.activeElement === null || document.activeElement === document.body;
  if (lost) place?.querySelector<HTMLElement>(where)?.focus();
}

/** What opens what a rule told: it is there as long as the rule. */
function toldOf(rule: string): string {
  return `[data-rule="${CSS.escape(rule)}"] [data-action="told"]`;
}

interface ListProps extends PanelProps {
  readonly view: View;
  readonly keep: (where?: string) => void;
}

function List({ model, outside, view, keep }: ListProps): ReactNode {
  const { trans } = model;
  const { phase, failure, deliveries, again, refusals, troubles } = view;
  if (phase === "failed" && failure !== null) return <Failed {...{ model, failure }} />;
  if (phase === "loading") return <p className="fb-schedules-faint">{trans.__("Reading…")}</p>;
  const rules = listed(view);
  if (rules.length === 0) return <Empty {...{ model, view, keep }} />;
  return (
    <ul className="fb-schedules-list">
      {rules.map((rule) => (
        <Card
          key={rule.name}
          {...{ rule, again, refusals, trans }}
          told={deliveries.get(rule.name) ?? null}
          trouble={troubles.get(rule.name) ?? null}
          acts={actsOf(rule, model, outside, keep)}
        />
      ))}
    </ul>
  );
}

/** What can be done with one rule: by the model, or outside of the panel. */
function actsOf(
  rule: Rule,
  model: RulesModel,
  outside: Outside,
  keep: ListProps["keep"],
): CardActs {
  const { name } = rule;
  const remove = async () => {
    if (!(await outside.confirm(rule))) return;
    await model.remove(name);
    keep();
  };
  return {
    turn: (on) => void model.turn(name, on),
    say: () => void model.say(rule),
    edit: () => void model.form.open(name),
    remove: () => void remove(),
    told: () => model.toggleTold(name),
    open: outside.openRun,
    again: (delivery) =>
      void model.again.send(name, delivery).then(() => setTimeout(() => keep(toldOf(name)))),
    forgive: () => model.forgive(name),
  };
}

interface FailedProps {
  readonly model: RulesModel;
  readonly failure: Trouble;
}

function Failed({ model, failure }: FailedProps): ReactNode {
  const { trans } = model;
  return (
    <section className="fb-runs-state" role="alert">
      <h3>{trans.__("The rules cannot be read")}</h3>
      <p>
        {failure.message} {failure.hint}
      </p>
      <button type="button" className="fb-runs-button" onClick={() => void model.reload()}>
        {trans.__("Try Again")}
      </button>
    </section>
  );
}

type EmptyProps = Pick<ListProps, "model" | "view" | "keep">;

function Empty({ model, view, keep }: EmptyProps): ReactNode {
  const { trans } = model;
  const { flow, troubles } = view;
  const trouble = troubles.get("");
  return (
    <section className="fb-runs-state">
      <h3>
        {flow === null
          ? trans.__("Nobody is told of anything yet")
          : trans.__("No rule is about %1", flow)}
      </h3>
      <p>
        {trans.__(
          "A rule watches the runs of flows and tells you of those that fail, are slow, take much or do not come: here, by chat or by e-mail.",
        )}
      </p>
      {trouble !== undefined && <Refused refusal={trouble} />}
      <button
        type="button"
        className="fb-runs-button fb-schedules-save"
        data-action="first"
        onClick={() => void model.first().then(() => keep())}
      >
        {flow === null
          ? trans.__("Tell me here when a run fails")
          : trans.__("Tell me here when a run of %1 fails", flow)}
      </button>
      <button type="button" className="fb-runs-button" onClick={() => void model.form.begin()}>
        {trans.__("New Rule…")}
      </button>
    </section>
  );
}
