/** When a schedule comes: by the clock, every so often or once, and on which clock. */
import { type ReactNode, useId } from "react";
import { Select } from "../runs/Select";
import type { Words } from "../runs/words";
import { type Draft, EXAMPLES, UNITS, type Unit, WHENS } from "./draft";
import type { Faults } from "./editing";
import { Labelled, MomentField } from "./Fields";
import { Reading } from "./Reading";
import type { Checked, Zones } from "./schedule";
import { unitWord, whenWord } from "./words";

/** What of a draft says when it comes. */
export type Timing = Pick<Draft, "when" | "cron" | "every" | "unit" | "at" | "timezone">;

export interface TimesProps {
  readonly timing: Timing;
  readonly faults: Pick<Faults, "cron" | "every" | "at" | "timezone">;
  readonly zones: Zones;
  /** What the server made of it; null while it cannot be asked. */
  readonly checked: Checked | null;
  readonly trans: Words;
  readonly onWrite: (change: Partial<Timing>) => void;
}

/** The fields of when it comes, and below them how they are understood. */
export function Times({ timing, faults, zones, checked, trans, onWrite }: TimesProps): ReactNode {
  const { when, cron, every, unit, at, timezone } = timing;
  const parts = { trans, onWrite };
  return (
    <>
      <fieldset>
        <legend>{trans.__("When")}</legend>
        <div className="fb-schedules-choice">
          {WHENS.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="when"
                checked={when === one}
                onChange={() => onWrite({ when: one })}
              />
              {whenWord(trans, one)}
            </label>
          ))}
        </div>
        {when === "cron" && <Cron {...{ cron, ...parts }} fault={faults.cron} />}
        {when === "every" && <Every {...{ every, unit, ...parts }} fault={faults.every} />}
        {when === "at" && <Once {...{ at, ...parts }} fault={faults.at} />}
        <Zone {...{ timezone, zones, ...parts }} fault={faults.timezone} />
      </fieldset>
      {checked !== null && <Reading checked={checked} trans={trans} />}
    </>
  );
}

interface PartProps {
  readonly fault: string | undefined;
  readonly trans: Words;
  readonly onWrite: TimesProps["onWrite"];
}

function Cron({ cron, fault, trans, onWrite }: PartProps & Pick<Timing, "cron">): ReactNode {
  const help = trans.__("minute, hour, day of month, month, day of week");
  return (
    <>
      <Labelled label={trans.__("Cron expression")} help={help} fault={fault}>
        {(about) => (
          <input
            {...about}
            className="fb-schedules-code"
            value={cron}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target }) => onWrite({ cron: target.value })}
          />
        )}
      </Labelled>
      <fieldset className="fb-schedules-examples">
        <legend>{trans.__("Examples")}</legend>
        {EXAMPLES.map((example) => (
          <button
            key={example}
            type="button"
            className="fb-runs-chip"
            aria-pressed={cron === example}
            onClick={() => onWrite({ cron: example })}
          >
            <code>{example}</code>
          </button>
        ))}
      </fieldset>
    </>
  );
}

type EveryProps = PartProps & Pick<Timing, "every" | "unit">;

function Every({ every, unit, fault, trans, onWrite }: EveryProps): ReactNode {
  const units = Object.keys(UNITS) as Unit[];
  return (
    <Labelled label={trans.__("Every")} fault={fault}>
      {(about) => (
        <span className="fb-schedules-pair">
          <input
            {...about}
            inputMode="decimal"
            value={every}
            onChange={({ target }) => onWrite({ every: target.value })}
          />
          <Select
            aria-label={trans.__("Unit")}
            value={unit}
            options={units.map((one) => [one, unitWord(trans, one)] as const)}
            onChange={(one) => onWrite({ unit: one })}
          />
        </span>
      )}
    </Labelled>
  );
}

function Once({ at, fault, trans, onWrite }: PartProps & Pick<Timing, "at">): ReactNode {
  const put = (i: number, reading: string) =>
    onWrite({ at: at.map((one, j) => (i === j ? reading : one)) });
  return (
    <>
      {at.map((one, i) => (
        <MomentField
          // biome-ignore lint/suspicious/noArrayIndexKey: a moment is known by its place alone
          key={i}
          label={trans.__("At")}
          fault={i === 0 ? fault : ""}
          value={one}
          onChange={(reading) => put(i, reading)}
        />
      ))}
      <button type="button" className="fb-runs-link" onClick={() => onWrite({ at: [...at, ""] })}>
        {trans.__("One more time")}
      </button>
    </>
  );
}

type ZoneProps = PartProps & Pick<Timing, "timezone"> & Pick<TimesProps, "zones">;

/** Any zone can be written; those that are used most are offered first. */
function Zone({ timezone, zones, fault, trans, onWrite }: ZoneProps): ReactNode {
  const offered = useId();
  return (
    <Labelled label={trans.__("Time zone")} fault={fault}>
      {(about) => (
        <>
          <input
            {...about}
            list={offered}
            value={timezone}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target }) => onWrite({ timezone: target.value.trim() })}
          />
          <datalist id={offered}>
            {[...new Set([...zones.common, ...zones.timezones])].map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </>
      )}
    </Labelled>
  );
}
