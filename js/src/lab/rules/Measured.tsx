/** The numbers of a rule about what runs take: above what is usual, or above a limit. */
import type { ReactNode } from "react";
import { Select } from "../runs/Select";
import { ChoiceField, Labelled, NumberField } from "../schedules/Fields";
import type { PartProps } from "./RuleForm";
import { limitUnits, unitOf } from "./words";

/** Nothing for what has no numbers. */
export function Measured(props: PartProps): ReactNode {
  const { draft } = props;
  if (draft.on === "slow") return <Usual {...props} />;
  if (draft.on !== "resources") return null;
  return (
    <>
      <What {...props} />
      {draft.bar === "limit" ? <Limit {...props} /> : <Usual {...props} />}
    </>
  );
}

function What({ draft, faults, trans, onWrite }: PartProps): ReactNode {
  const { what, node, bar } = draft;
  return (
    <>
      <ChoiceField
        label={trans.__("What is measured")}
        fault={faults["when.what"]}
        value={what}
        options={[
          ["memory", trans.__("Memory, at most at one time")],
          ["cpu", trans.__("CPU time")],
        ]}
        onChange={(one) => onWrite({ what: one, limitUnit: one === "cpu" ? "minutes" : "GB" })}
      />
      <Labelled
        label={trans.__("Of the node")}
        help={trans.__("empty: of the whole run")}
        fault={faults["when.node"]}
      >
        {(about) => (
          <input
            {...about}
            value={node}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target }) => onWrite({ node: target.value })}
          />
        )}
      </Labelled>
      <ChoiceField
        label={trans.__("More than")}
        value={bar}
        options={[
          ["usual", trans.__("What is usual")],
          ["limit", trans.__("A limit")],
        ]}
        onChange={(one) => onWrite({ bar: one })}
      />
    </>
  );
}

function Limit({ draft, faults, trans, onWrite }: PartProps): ReactNode {
  const { what, limit, limitUnit } = draft;
  return (
    <Labelled label={trans.__("Limit")} fault={faults["when.limit"]}>
      {(about) => (
        <span className="fb-schedules-pair">
          <input
            {...about}
            inputMode="decimal"
            value={limit}
            onChange={({ target }) => onWrite({ limit: target.value })}
          />
          <Select
            aria-label={trans.__("Unit of the limit")}
            value={limitUnit}
            options={limitUnits(what).map((one) => [one, unitOf(trans, one)] as const)}
            onChange={(one) => onWrite({ limitUnit: one })}
          />
        </span>
      )}
    </Labelled>
  );
}

function Usual({ draft, faults, trans, onWrite }: PartProps): ReactNode {
  return (
    <>
      <NumberField
        label={trans.__("Above this many % of the runs before")}
        fault={faults["when.percentile"]}
        value={draft.percentile}
        onChange={(percentile) => onWrite({ percentile })}
      />
      <NumberField
        label={trans.__("Of so many last runs")}
        fault={faults["when.over"]}
        value={draft.over}
        onChange={(over) => onWrite({ over })}
      />
      <NumberField
        label={trans.__("Quiet with fewer runs than")}
        fault={faults["when.least"]}
        value={draft.least}
        onChange={(least) => onWrite({ least })}
      />
    </>
  );
}
