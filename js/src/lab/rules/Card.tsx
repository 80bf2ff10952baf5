/** One rule: whether it is on, what it watches, whom it tells, and whom it told. */
import type { ReactNode } from "react";
import type { IconName } from "../runs/icons";
import { Tool } from "../runs/Tool";
import type { Words } from "../runs/words";
import { Refused } from "../schedules/Notices";
import type { Trouble } from "../schedules/schedule";
import { type Delivery, enabled, type Rule } from "./rule";
import { Told } from "./Told";
import { flowWords, seldomWords, targetWords, whenWords } from "./words";

export interface CardActs {
  readonly turn: (on: boolean) => void;
  readonly say: () => void;
  readonly edit: () => void;
  readonly remove: () => void;
  readonly told: () => void;
  readonly open: (run: string) => void;
  /** Send again what had failed for good. */
  readonly again: (delivery: Delivery) => void;
  readonly forgive: () => void;
}

export interface CardProps {
  readonly rule: Rule;
  readonly told: readonly Delivery[] | null;
  readonly again: ReadonlySet<string>;
  readonly refusals: ReadonlyMap<string, Trouble>;
  readonly trouble: Trouble | null;
  readonly trans: Words;
  readonly acts: CardActs;
}

export function Card(props: CardProps): ReactNode {
  const { rule, told, again, refusals, trouble, trans, acts } = props;
  const { name, when, flow, to } = rule;
  const on = enabled(rule);
  const seldom = seldomWords(trans, rule);
  const channels = to.map((target) => targetWords(trans, target)).join(", ");
  return (
    <li className="fb-schedules-card" data-rule={name} data-enabled={on}>
      <header>
        <button
          type="button"
          role="switch"
          className="fb-schedules-switch"
          aria-checked={on}
          aria-label={trans.__("%1 is on", name)}
          title={on ? trans.__("Switch off") : trans.__("Switch on")}
          onClick={() => acts.turn(!on)}
        />
        <h3>{name}</h3>
        <Buttons {...{ name, trans, acts }} open={told !== null} />
      </header>
      <p>
        {whenWords(trans, when)}
        {" · "}
        {flowWords(trans, flow)}
      </p>
      <p>{trans.__("Tells %1", channels)}</p>
      {seldom !== "" && <p>{seldom}</p>}
      {!on && <p className="fb-schedules-next">{trans.__("Off")}</p>}
      {trouble !== null && (
        <Refused refusal={trouble}>
          <button type="button" className="fb-runs-link" onClick={acts.forgive}>
            {trans.__("Dismiss")}
          </button>
        </Refused>
      )}
      {told !== null && (
        <section className="fb-schedules-more">
          <Told {...{ told, again, refusals, trans }} onOpen={acts.open} onAgain={acts.again} />
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
      {button("say", "send", trans.__("Send a test"), acts.say)}
      {button("edit", "edit", trans.__("Edit"), acts.edit)}
      {button("remove", "delete", trans.__("Delete"), acts.remove)}
      <Tool
        icon={open ? "up" : "down"}
        label={trans.__("What it told: %1", name)}
        title={trans.__("What it told")}
        data-action="told"
        aria-expanded={open}
        onClick={acts.told}
      />
    </span>
  );
}
