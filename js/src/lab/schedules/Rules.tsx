/** What holds of a schedule's moments: two at a time, some missed, how early, how late, after what. */
import type { ReactNode } from "react";
import type { Words } from "../runs/words";
import type { Draft } from "./draft";
import type { Faults } from "./editing";
import { ChoiceField, Labelled, MomentField, NumberField } from "./Fields";
import { CATCH_UPS, OVERLAPS } from "./schedule";
import { catchUpWord, overlapWord } from "./words";

type Overlapping = Pick<Draft, "overlap" | "parallel">;
type Missing = Pick<Draft, "catchUp" | "catchUpMost" | "grace">;
type Limiting = Pick<Draft, "jitter" | "start" | "end">;

/** What of a draft are its rules. */
export type Ruling = Overlapping & Missing & Limiting & Pick<Draft, "after">;

interface PartProps {
  readonly faults: Faults;
  readonly trans: Words;
  readonly onWrite: (change: Partial<Ruling>) => void;
}

export interface RulesProps extends PartProps {
  readonly ruling: Ruling;
  /** The flow that it runs, and all that there are: it may come after any other. */
  readonly flow: string;
  readonly flows: readonly string[];
}

/** The fields that most schedules leave as they are: folded away. */
export function Rules({ ruling, flow, flows, ...parts }: RulesProps): ReactNode {
  return (
    <details className="fb-schedules-rules">
      <summary>{parts.trans.__("Overlap, missed moments, limits")}</summary>
      <WhenItOverlaps {...ruling} {...parts} />
      <WhenMissed {...ruling} {...parts} />
      <Limits {...ruling} {...parts} />
      <After {...{ after: ruling.after, flow, flows }} {...parts} />
    </details>
  );
}

function WhenItOverlaps(props: PartProps & Overlapping): ReactNode {
  const { overlap, parallel, faults, trans, onWrite } = props;
  return (
    <>
      <ChoiceField
        label={trans.__("When the run before still goes on")}
        fault={faults.overlap}
        value={overlap}
        options={OVERLAPS.map((one) => [one, overlapWord(trans, one)] as const)}
        onChange={(one) => onWrite({ overlap: one })}
      />
      {overlap === "parallel" && (
        <NumberField
          label={trans.__("How many at once")}
          help={trans.__("empty: any number")}
          fault={faults.parallel}
          value={parallel}
          onChange={(text) => onWrite({ parallel: text })}
        />
      )}
    </>
  );
}

function WhenMissed(props: PartProps & Missing): ReactNode {
  const { catchUp, catchUpMost, grace, faults, trans, onWrite } = props;
  return (
    <>
      <ChoiceField
        label={trans.__("When moments were missed")}
        fault={faults.catch_up}
        value={catchUp}
        options={CATCH_UPS.map((one) => [one, catchUpWord(trans, one)] as const)}
        onChange={(one) => onWrite({ catchUp: one })}
      />
      {catchUp === "all" && (
        <NumberField
          label={trans.__("How many at most")}
          fault={faults.catch_up_most}
          value={catchUpMost}
          onChange={(text) => onWrite({ catchUpMost: text })}
        />
      )}
      <NumberField
        label={trans.__("Grace, in seconds")}
        help={trans.__("later than that is missed")}
        fault={faults.grace}
        value={grace}
        onChange={(text) => onWrite({ grace: text })}
      />
    </>
  );
}

function Limits({ jitter, start, end, faults, trans, onWrite }: PartProps & Limiting): ReactNode {
  return (
    <>
      <NumberField
        label={trans.__("Jitter, in seconds")}
        help={trans.__("a run begins up to so much later")}
        fault={faults.jitter}
        value={jitter}
        onChange={(text) => onWrite({ jitter: text })}
      />
      <MomentField
        label={trans.__("Not before")}
        fault={faults.start}
        value={start}
        onChange={(reading) => onWrite({ start: reading })}
      />
      <MomentField
        label={trans.__("Until")}
        fault={faults.end}
        value={end}
        onChange={(reading) => onWrite({ end: reading })}
      />
    </>
  );
}

type AfterProps = PartProps & Pick<Ruling, "after"> & Pick<RulesProps, "flow" | "flows">;

function After({ after, flow, flows, faults, trans, onWrite }: AfterProps): ReactNode {
  return (
    <Labelled
      label={trans.__("After runs of")}
      help={trans.__("They must have succeeded since the moment before.")}
      fault={faults.after}
    >
      {(about) => (
        <select
          {...about}
          multiple
          size={Math.min(4, Math.max(2, flows.length))}
          value={[...after]}
          onChange={({ target }) =>
            onWrite({ after: [...target.selectedOptions].map((one) => one.value) })
          }
        >
          {flows
            .filter((one) => one !== flow)
            .map((one) => (
              <option key={one}>{one}</option>
            ))}
        </select>
      )}
    </Labelled>
  );
}
