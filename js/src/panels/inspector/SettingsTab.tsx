/** Everything one node can be told: its settings, its text, its inputs and outputs, its options. */
import "./inspector.css";
import { type ComponentType, useMemo, useState } from "react";
import { type Field, fieldsOf } from "../../model/schema";
import type { Form } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import { CallEditor, IteratorButton } from "./CallEditor";
import { CodeEditor } from "./CodeEditor";
import { MergeEditor } from "./MergeEditor";
import { Options } from "./Options";
import { Inputs, Outputs, Wrong } from "./Ports";
import { RouterEditor } from "./RouterEditor";
import { Setting } from "./Setting";
import { useForm } from "./useInspector";
import { NameBox } from "./ValueEdit";

export interface SpecialProps {
  readonly form: Form;
  readonly names: ReadonlySet<string>;
}

interface Special {
  readonly part: ComponentType<SpecialProps>;
  /** The settings that it edits itself. */
  readonly settings: readonly string[];
}

const SPECIAL: Readonly<Record<string, Special>> = {
  router: { part: RouterEditor, settings: ["route_by", "mode", "conditions", "default_output"] },
  merge: { part: MergeEditor, settings: ["mode", "key", "how", "fields"] },
  call: {
    part: CallEditor,
    settings: ["flow", "inputs", "input_mapping", "inputMapping", "secrets"],
  },
  map: { part: IteratorButton, settings: [] },
  foreach: { part: IteratorButton, settings: [] },
};
const FEW = 8;

export function SettingsTab({ node }: { readonly node: string }) {
  const { answer: form, failed } = useForm(node);
  if (form === null || form.node !== node)
    return failed === "" ? (
      <p className="fb-faint" aria-busy="true">
        Asking what it can be told…
      </p>
    ) : (
      <Wrong error={failed} />
    );
  return <FormOf form={form} />;
}

function FormOf({ form }: { readonly form: Form }) {
  const editor = useEditor();
  const fields = useMemo(() => fieldsOf(form.settings), [form.settings]);
  const names = useMemo(
    () => new Set(form.inputs.map((one) => one.name.split(".")[0] ?? "")),
    [form.inputs],
  );
  const special = SPECIAL[form.kind.replace(/\.v\d+$/, "")];
  const plain = fields.filter((one) => !special?.settings.includes(one.name));
  const code = form.language !== "yaml";
  const taken = editor.flow?.nodes.map((one) => one.name) ?? [];
  const known = Object.keys(form.settings).length > 0;
  return (
    <div className="fbi-inspect">
      <div className="fbi-set">
        <div className="fbi-set-head">
          <span className="fbi-row-name">name</span>
        </div>
        <NameBox
          label="Name of the node"
          name={form.node}
          taken={taken}
          onChange={(name) => void rename(editor, form.node, name)}
        />
      </div>
      {!known && (
        <p className="fb-faint">
          Its kind is not installed here, so nothing is known of its settings. Its cell keeps them.
        </p>
      )}
      {special !== undefined && <special.part form={form} names={names} />}
      {code && <CodeEditor form={form} />}
      <Settings form={form} fields={plain} names={names} />
      <Inputs form={form} />
      <Outputs form={form} />
      <Options node={form.node} options={form.options} />
      {form.doc !== "" && (
        <details className="fbi-doc">
          <summary>About {form.kind}</summary>
          <p>{form.doc}</p>
        </details>
      )}
    </div>
  );
}

async function rename(editor: ReturnType<typeof useEditor>, old: string, name: string) {
  const done = await editor.edit({ type: "RENAME_NODE", old, new: name });
  if (done === null) return;
  editor.change({ open: name });
  editor.select([name]);
}

interface SettingsProps extends SpecialProps {
  readonly fields: readonly Field[];
}

/** Those that are written or needed; of many the others are folded away. */
function Settings({ form, fields, names }: SettingsProps) {
  const [all, setAll] = useState(false);
  // Decided once: a field must not move away under who writes in it.
  const [begun] = useState(() => new Set(Object.keys(form.config)));
  const first = (one: Field) => one.required || begun.has(one.name);
  const few = fields.length <= FEW;
  const written = few ? fields : fields.filter(first);
  const rest = few ? [] : fields.filter((one) => !first(one));
  const row = (one: Field) => (
    <Setting
      key={one.name}
      node={form.node}
      field={one}
      value={form.config[one.name]}
      names={names}
    />
  );
  return (
    <section className="fbi-group" aria-label="Settings">
      {written.map(row)}
      {rest.length > 0 && (
        <button
          type="button"
          className="fbi-group-head"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          <span aria-hidden="true">{all ? "▾" : "▸"}</span> {rest.length} more settings
        </button>
      )}
      {all && rest.map(row)}
    </section>
  );
}
