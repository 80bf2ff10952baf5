/** Inputs and outputs of a node: what they are called, what feeds them. */
import type { Form, InputField, PortRef } from "../../protocol/generated";
import { useDraft, useDrafts } from "./useInspector";
import { Add, free, NameBox, Remove } from "./ValueEdit";

interface InputsProps {
  readonly form: Form;
}

type Change = Partial<{
  to: string;
  source: PortRef | null;
  required: boolean;
  default: string;
  remove: boolean;
}>;

export function Inputs({ form }: InputsProps) {
  const drafts = useDrafts();
  const key = `${form.node}/inputs`;
  const error = useDraft(key)?.error ?? "";
  const change = (one: InputField | null, made: Change) => {
    drafts.change(
      key,
      null,
      () => ({
        type: "INPUT",
        node: form.node,
        name: one?.name ?? "",
        to: "",
        source: one?.wire ?? null,
        required: one?.required ?? true,
        default: one?.default ?? "",
        remove: false,
        ...made,
      }),
      true,
    );
  };
  const taken = form.inputs.map((one) => one.name);
  return (
    <section className="fbi-group" aria-label="Inputs">
      <h3>Inputs</h3>
      {form.inputs.length === 0 && <p className="fb-faint">It takes none.</p>}
      {form.inputs.map((one) => (
        <Input key={one.name} input={one} form={form} taken={taken} onChange={change} />
      ))}
      <Add label="Input" onClick={() => change(null, { to: free("input", taken) })} />
      <Wrong error={error} />
    </section>
  );
}

interface InputProps {
  readonly input: InputField;
  readonly form: Form;
  readonly taken: readonly string[];
  readonly onChange: (one: InputField, made: Change) => void;
}

function Input({ input, form, taken, onChange }: InputProps) {
  const wired = input.wire === null ? "" : `${input.wire.node}.${input.wire.port}`;
  const drafts = useDrafts();
  const key = `${form.node}/default/${input.name}`;
  const draft = useDraft(key);
  const takesDefault = input.origin === "parameter" || input.origin === "nothing";
  return (
    <div className="fbi-port">
      {input.fixed || input.name.includes(".") ? (
        <code title="Read in its settings">{input.name}</code>
      ) : (
        <NameBox
          label={`Input ${input.name}`}
          name={input.name}
          taken={taken}
          onChange={(to) => onChange(input, { to })}
        />
      )}
      <span aria-hidden="true">←</span>
      <select
        aria-label={`What feeds ${input.name}`}
        value={wired}
        disabled={input.fixed || input.name.includes(".")}
        onChange={(event) => {
          const found = form.sources.find((s) => `${s.node}.${s.port}` === event.target.value);
          onChange(input, { source: found ?? null, ...(found ? { default: "" } : {}) });
        }}
      >
        <option value="">
          {input.origin === "parameter" ? `parameter ${input.source}` : "by its name"}
        </option>
        {form.sources.map(({ node, port }) => (
          <option key={`${node}.${port}`} value={`${node}.${port}`}>
            {node === port ? node : `${node}.${port}`}
          </option>
        ))}
      </select>
      <label className="fbi-check" title="Off: the node also runs when this branch was not taken">
        <input
          type="checkbox"
          checked={input.required}
          onChange={(event) => onChange(input, { required: event.target.checked })}
        />
        required
      </label>
      {takesDefault && (
        <input
          className="fbi-default"
          aria-label={`Default of ${input.name}`}
          placeholder="default"
          value={draft === undefined ? input.default : String(draft.value)}
          onChange={(event) =>
            drafts.change(key, event.target.value, (text) => ({
              type: "INPUT",
              node: form.node,
              name: input.name,
              to: "",
              source: null,
              required: input.required,
              default: String(text),
              remove: false,
            }))
          }
          onBlur={() => drafts.flush(key)}
        />
      )}
      {!input.fixed && (
        <Remove label={`input ${input.name}`} onClick={() => onChange(input, { remove: true })} />
      )}
      <Wrong error={draft?.error ?? ""} />
    </div>
  );
}

export function Outputs({ form }: InputsProps) {
  const drafts = useDrafts();
  const key = `${form.node}/outputs`;
  const error = useDraft(key)?.error ?? "";
  const set = (outputs: readonly string[]) =>
    drafts.change(key, null, () => ({ type: "OUTPUTS", node: form.node, outputs }), true);
  return (
    <section className="fbi-group" aria-label="Outputs">
      <h3>Outputs</h3>
      {form.outputs.map((name, i) => (
        <div key={name} className="fbi-port">
          {form.has_ports ? (
            <NameBox
              label={`Output ${name}`}
              name={name}
              taken={form.outputs}
              onChange={(next) => set(form.outputs.map((one, at) => (at === i ? next : one)))}
            />
          ) : (
            <code>{name}</code>
          )}
          {form.has_ports && form.outputs.length > 1 && (
            <Remove
              label={`output ${name}`}
              onClick={() => set(form.outputs.filter((one) => one !== name))}
            />
          )}
        </div>
      ))}
      {form.has_ports && (
        <Add label="Output" onClick={() => set([...form.outputs, free("output", form.outputs)])} />
      )}
      {!form.has_ports && <p className="fb-faint">They follow from its settings.</p>}
      <Wrong error={error} />
    </section>
  );
}

export function Wrong({ error }: { readonly error: string }) {
  return error === "" ? null : (
    <p className="fb-field-error" role="alert">
      {error}
    </p>
  );
}
