/** Whom a rule tells: channels, each with the name of the secret that has its address. */
import { type ReactNode, useId } from "react";
import { Tool } from "../runs/Tool";
import { ChoiceField, Labelled } from "../schedules/Fields";
import { newTarget, type TargetDraft } from "./draft";
import type { PartProps } from "./RuleForm";
import type { Choices } from "./rule";
import { channelWord } from "./words";

export interface TargetsProps extends PartProps {
  readonly choices: Choices;
}

export function Targets(props: TargetsProps): ReactNode {
  const { draft, faults, trans, onWrite } = props;
  const put = (i: number, change: Partial<TargetDraft>) =>
    onWrite({ to: draft.to.map((one, j) => (i === j ? { ...one, ...change } : one)) });
  return (
    <fieldset>
      <legend>{trans.__("Tell by")}</legend>
      {draft.to.map((target, i) => (
        <Target
          // biome-ignore lint/suspicious/noArrayIndexKey: a channel is known by its place alone
          key={i}
          {...{ ...props, target, i }}
          onPut={(change) => put(i, change)}
          onRemove={() => onWrite({ to: draft.to.filter((_, j) => i !== j) })}
        />
      ))}
      {faults.to !== undefined && (
        <small className="fb-schedules-bad" role="alert">
          {faults.to}
        </small>
      )}
      <button
        type="button"
        className="fb-runs-link"
        data-action="add-channel"
        onClick={() => onWrite({ to: [...draft.to, newTarget("slack")] })}
      >
        {trans.__("One more channel")}
      </button>
    </fieldset>
  );
}

interface TargetProps extends TargetsProps {
  readonly target: TargetDraft;
  readonly i: number;
  readonly onPut: (change: Partial<TargetDraft>) => void;
  readonly onRemove: () => void;
}

function Target(props: TargetProps): ReactNode {
  const { target, i, draft, faults, trans, choices, onPut, onRemove } = props;
  const { channel } = target;
  const channels = [...new Set([...choices.channels, channel])];
  return (
    <div className="fb-rules-target">
      <ChoiceField
        label={trans.__("Channel")}
        help={channel === "lab" ? trans.__("whoever has JupyterLab open") : ""}
        fault={faults[`to.${i}.channel`]}
        value={channel}
        options={channels.map((one) => [one, channelWord(trans, one)] as const)}
        onChange={(one) => onPut({ channel: one })}
      />
      {draft.to.length > 1 && (
        <Tool
          icon="close"
          label={trans.__("Do not tell by %1", channelWord(trans, channel))}
          data-action="remove-channel"
          onClick={({ currentTarget }) => {
            const fields = currentTarget.closest("fieldset");
            onRemove();
            fields?.querySelector<HTMLElement>('[data-action="add-channel"]')?.focus();
          }}
        />
      )}
      {channel === "email" && (
        <Labelled
          label={trans.__("To")}
          help={trans.__("addresses, with commas between them")}
          fault={faults[`to.${i}.to`]}
        >
          {(about) => (
            <input
              {...about}
              value={target.to}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target: { value } }) => onPut({ to: value })}
            />
          )}
        </Labelled>
      )}
      {channel !== "lab" && channel !== "email" && (
        <Secret {...{ target, choices, trans, onPut }} fault={faults[`to.${i}.secret`]} />
      )}
    </div>
  );
}

interface SecretProps extends Pick<TargetProps, "target" | "choices" | "trans" | "onPut"> {
  readonly fault: string | undefined;
}

/** The address is kept as a secret, and only its name is written here. */
function Secret({ target, choices, trans, onPut, fault }: SecretProps): ReactNode {
  const offered = useId();
  const command = `flowbook secrets set ${target.secret || `${target.channel}_hook`}`;
  return (
    <Labelled
      label={trans.__("Secret with the address")}
      help={trans.__("its name; to keep one, in a terminal: %1", command)}
      fault={fault}
    >
      {(about) => (
        <>
          <input
            {...about}
            list={offered}
            value={target.secret}
            placeholder={`${target.channel}_hook`}
            autoComplete="off"
            spellCheck={false}
            onChange={({ target: { value } }) => onPut({ secret: value })}
          />
          <datalist id={offered}>
            {choices.secrets.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </>
      )}
    </Labelled>
  );
}
