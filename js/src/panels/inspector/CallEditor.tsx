/** Calling another flow: which one, what it is given, which secrets it gets; and new ones. */
import { useState } from "react";
import { fieldOf, isRecord } from "../../model/schema";
import type { CallableFlow } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import { useSetting } from "./Setting";
import type { SpecialProps } from "./SettingsTab";
import { PlaceContext, useAnswer } from "./useInspector";
import { FxButton, ValueEdit } from "./ValueEdit";

const ANYTHING = fieldOf("", {});

export function CallEditor({ form, names }: SpecialProps) {
  const { node, config } = form;
  const mapping = ["inputMapping", "input_mapping"].find((one) => one in config) ?? "inputs";
  const flow = useSetting(node, "flow", config.flow);
  const inputs = useSetting(node, mapping, config[mapping]);
  const secrets = useSetting(node, "secrets", config.secrets);
  const { answer } = useAnswer<"FLOWS">({ type: "FLOWS", node });
  const name = String(flow.value ?? "");
  const known = answer?.flows.find((one) => one.name === name);
  const given = isRecord(inputs.value) ? inputs.value : {};
  const own = form.inputs.map((one) => one.name);
  const same = known?.params.filter((one) => own.includes(one.name)) ?? [];
  const put = (param: string, value: unknown, now = false) => {
    const { [param]: _, ...rest } = given;
    const next = value === undefined ? rest : { ...rest, [param]: value };
    inputs.set(Object.keys(next).length > 0 ? next : undefined, now);
  };
  const all = [
    ...new Set([...(known?.params.map((one) => one.name) ?? []), ...Object.keys(given)]),
  ];
  const receives = Object.keys(given).length > 0 ? Object.keys(given) : own;
  return (
    <section className="fbi-group" aria-label="Sub-flow">
      <div className="fbi-set">
        <div className="fbi-set-head">
          <label htmlFor={`${node}-flow`}>flow</label>
          <span className="fbi-badge">{name.includes("{{") ? "expression" : "literal"}</span>
        </div>
        <input
          id={`${node}-flow`}
          list={`${node}-flows`}
          value={name}
          placeholder="choose a flow of this workspace"
          onChange={(event) => flow.set(event.target.value || undefined)}
          onBlur={flow.leave}
        />
        <datalist id={`${node}-flows`}>
          {answer?.flows.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </datalist>
        {flow.draft?.error && <span className="fb-field-error">{flow.draft.error}</span>}
        {answer !== null && name !== "" && known === undefined && (
          <span className="fb-field-help">No notebook here holds a flow of that name.</span>
        )}
      </div>
      <NewFlow node={node} label="+ Sub-Flow" />
      {all.length > 0 && (
        <PlaceContext.Provider value={{ node, setting: mapping, names }}>
          <table className="fbi-mapping">
            <caption>Inputs</caption>
            <tbody>
              {all.map((param) => (
                <tr key={param}>
                  <th scope="row">
                    {param}
                    {known?.params.find((one) => one.name === param)?.required && (
                      <span className="fbi-needed">needed</span>
                    )}
                  </th>
                  <td>
                    <ValueEdit
                      label={`Input ${param}`}
                      field={ANYTHING}
                      value={given[param]}
                      onChange={(value, now) => put(param, value, now)}
                      onWrong={() => undefined}
                      onLeave={inputs.leave}
                    />
                    <FxButton
                      field={ANYTHING}
                      label={param}
                      value={given[param]}
                      onChange={(value) => put(param, value, true)}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </PlaceContext.Provider>
      )}
      {same.length > 0 && (
        <button
          type="button"
          className="fbi-add"
          onClick={() =>
            inputs.set(
              {
                ...given,
                ...Object.fromEntries(same.map((one) => [one.name, `{{ ${one.name} }}`])),
              },
              true,
            )
          }
        >
          Map same name
        </button>
      )}
      {inputs.draft?.error && <p className="fb-field-error">{inputs.draft.error}</p>}
      <p className="fbi-told">This sub-flow will receive: [{receives.join(", ")}]</p>
      {answer?.deadline != null && (
        <p className="fbi-told">
          Parent deadline in {answer.deadline.toFixed(1)}s -&gt; max child time:{" "}
          {answer.deadline.toFixed(1)}s
        </p>
      )}
      <Secrets flow={known} offered={answer?.secrets ?? []} setting={secrets} />
    </section>
  );
}

interface SecretsProps {
  readonly flow: CallableFlow | undefined;
  readonly offered: readonly string[];
  readonly setting: ReturnType<typeof useSetting>;
}

/** The secrets that a flow asks for, and which of ours each is; it gets no others. */
function Secrets({ flow, offered, setting }: SecretsProps) {
  const given = isRecord(setting.value) ? setting.value : {};
  const asked = [...new Set([...(flow?.secrets ?? []), ...Object.keys(given)])];
  if (asked.length === 0) return <p className="fb-faint">It is handed no secrets.</p>;
  return (
    <table className="fbi-mapping">
      <caption>Secrets</caption>
      <tbody>
        {asked.map((name) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <select
                aria-label={`Secret ${name}`}
                value={String(given[name] ?? "")}
                onChange={(event) => {
                  const { [name]: _, ...rest } = given;
                  const own = event.target.value;
                  const next = own === "" ? rest : { ...rest, [name]: own };
                  setting.set(Object.keys(next).length > 0 ? next : undefined, true);
                }}
              >
                <option value="">not handed on</option>
                {[...new Set([...offered, ...Object.values(given).map(String)])].map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function IteratorButton({ form }: SpecialProps) {
  return (
    <section className="fbi-group" aria-label="Iterator">
      <NewFlow node={form.node} label="Create Iterator Sub-flow" />
    </section>
  );
}

/** Asks for a name and makes a notebook with a flow that the node calls. */
function NewFlow({ node, label }: { readonly node: string; readonly label: string }) {
  const editor = useEditor();
  const [name, setName] = useState<string | null>(null);
  const [made, setMade] = useState("");
  if (name === null)
    return (
      <p>
        <button type="button" className="fbi-add" onClick={() => setName(`${node}_flow`)}>
          {label}
        </button>
        {made !== "" && <span className="fbi-told"> Made {made}.</span>}
      </p>
    );
  return (
    <form
      className="fbi-port"
      onSubmit={async (event) => {
        event.preventDefault();
        const done = await editor.do({ type: "ITERATOR", node, name });
        if (done === null) return;
        setName(null);
        setMade(done.path ?? "");
      }}
    >
      <input
        aria-label="Name of the flow"
        value={name}
        ref={focus}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="fb-button fb-primary">
        Create
      </button>
      <button type="button" className="fb-button" onClick={() => setName(null)}>
        Cancel
      </button>
    </form>
  );
}

const focus = (box: HTMLInputElement | null) => box?.focus();
