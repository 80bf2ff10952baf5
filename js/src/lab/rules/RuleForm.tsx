/** Who is to be told of what: written field by field, tried on what was before it is let loose. */
import { type ReactNode, useId } from "react";
import type { Words } from "../runs/words";
import { ChoiceField, Labelled } from "../schedules/Fields";
import { Refused, Warnings } from "../schedules/Notices";
import type { FlowChoice } from "../schedules/schedule";
import type { Draft, Faults } from "./draft";
import { type Editing, standingOf } from "./editing";
import { HowOften } from "./HowOften";
import { Measured } from "./Measured";
import { type Choices, EVENTS } from "./rule";
import { Targets } from "./Targets";
import { Would } from "./Told";
import { eventHelp, eventWord, saidWords } from "./words";

export interface FormProps {
  readonly editing: Editing;
  readonly flows: readonly FlowChoice[];
  readonly choices: Choices;
  readonly trans: Words;
  readonly onWrite: (change: Partial<Draft>) => void;
  readonly onAsk: (what: "try" | "say") => void;
  readonly onSave: () => void;
  readonly onCancel: () => void;
  readonly onOpen: (run: string) => void;
}

/** What each part of the form is given. */
export interface PartProps {
  readonly draft: Draft;
  readonly faults: Faults;
  readonly trans: Words;
  readonly onWrite: (change: Partial<Draft>) => void;
}

/** The form of one rule: it can be saved once the server has read it and would take it. */
export function RuleForm(props: FormProps): ReactNode {
  const { editing, choices, trans, onWrite, onAsk, onSave, onCancel, onOpen } = props;
  const { of, draft, checked, current, tried } = editing;
  const { faults, refused, savable } = standingOf(editing, trans);
  const parts: PartProps = { draft, faults, trans, onWrite };
  return (
    <form
      className="fb-schedules-form fb-rules-form"
      aria-label={trans.__("Rule")}
      aria-busy={!current}
      onKeyDown={(event) => {
        if (event.key === "Escape") onCancel();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        if (savable) onSave();
      }}
    >
      <Subject {...parts} flows={props.flows.map(({ flow }) => flow)} isNew={of === null} />
      <Measured {...parts} />
      <Targets {...parts} choices={choices} />
      <HowOften {...parts} />
      {current && checked !== null && <Warnings texts={checked.warnings} />}
      <Trying {...{ editing, trans, onAsk }} ready={savable} />
      {tried !== null && <Would {...{ tried, trans, onOpen }} />}
      <label className="fb-rules-tick">
        <input
          type="checkbox"
          checked={draft.enabled}
          onChange={({ target }) => onWrite({ enabled: target.checked })}
        />
        {trans.__("On: it tells of what is over from then on")}
      </label>
      {refused !== null && <Refused refusal={refused} />}
      <Foot {...{ trans, onCancel, savable }} saving={editing.saving} />
    </form>
  );
}

interface SubjectProps extends PartProps {
  readonly flows: readonly string[];
  /** Only what is not there yet can be named. */
  readonly isNew: boolean;
}

/** What is watched, of which flows, and what the rule is called. */
function Subject({ draft, faults, trans, onWrite, flows, isNew }: SubjectProps): ReactNode {
  const offered = useId();
  return (
    <>
      <ChoiceField
        label={trans.__("Tell when")}
        help={eventHelp(trans, draft.on)}
        fault={faults["when.on"]}
        value={draft.on}
        options={EVENTS.map((one) => [one, eventWord(trans, one)] as const)}
        onChange={(on) => onWrite({ on })}
      />
      <Labelled
        label={trans.__("Flow")}
        help={trans.__("a name, or a pattern such as daily*; * is every flow")}
        fault={faults.flow}
      >
        {(about) => (
          <>
            <input
              {...about}
              list={offered}
              value={draft.flow}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target }) => onWrite({ flow: target.value })}
            />
            <datalist id={offered}>
              {["*", ...flows].map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          </>
        )}
      </Labelled>
      <Labelled label={trans.__("Name")} fault={faults.name}>
        {(about) => (
          <input
            {...about}
            readOnly={!isNew}
            value={draft.name}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target }) => onWrite({ name: target.value, named: true })}
          />
        )}
      </Labelled>
    </>
  );
}

interface TryingProps extends Pick<FormProps, "editing" | "trans" | "onAsk"> {
  readonly ready: boolean;
}

/** What can be asked of a draft before it is a rule; a button that is asking keeps the focus. */
function Trying({ editing, trans, onAsk, ready }: TryingProps): ReactNode {
  const { asking, said } = editing;
  return (
    <>
      <div className="fb-rules-asks">
        <button
          type="button"
          className="fb-runs-button"
          data-action="try"
          disabled={!ready}
          aria-busy={asking === "try"}
          onClick={() => onAsk("try")}
        >
          {asking === "try" ? trans.__("Looking…") : trans.__("Try on History")}
        </button>
        <button
          type="button"
          className="fb-runs-button"
          data-action="say"
          disabled={!ready}
          aria-busy={asking === "say"}
          onClick={() => onAsk("say")}
        >
          {asking === "say" ? trans.__("Sending…") : trans.__("Send a Test")}
        </button>
      </div>
      {said !== null && <p>{saidWords(trans, said)}</p>}
    </>
  );
}

interface FootProps extends Pick<FormProps, "trans" | "onCancel"> {
  readonly saving: boolean;
  readonly savable: boolean;
}

function Foot({ saving, savable, trans, onCancel }: FootProps): ReactNode {
  return (
    <footer>
      <button type="button" className="fb-runs-button" onClick={onCancel}>
        {trans.__("Cancel")}
      </button>
      <button
        type="submit"
        className="fb-runs-button fb-schedules-save"
        data-action="save"
        disabled={!savable}
      >
        {saving ? trans.__("Saving…") : trans.__("Save")}
      </button>
    </footer>
  );
}
