import { useState } from "react";
import { asPng, print, save } from "../../view/files";
import { useEditor } from "../../view/useEditor";
import { DialogFrame } from "./DialogFrame";

type Form = "png" | "svg" | "html" | "print";
const FORMS: readonly (readonly [Form, string, string])[] = [
  ["png", "PNG", "A picture, for slides and documents"],
  ["svg", "SVG", "A picture that stays sharp at any size"],
  ["html", "Page", "Pan, zoom and look into nodes; needs nothing but a browser"],
  ["print", "Print", "On paper, or as a PDF"],
];
const SHARP = 2;

export function ExportDialog() {
  const editor = useEditor();
  const [outputs, setOutputs] = useState(false);
  const [busy, setBusy] = useState<Form | null>(null);
  const [failed, setFailed] = useState("");
  const ran = editor.store.state.run !== null;
  const take = async (form: Form) => {
    setBusy(form);
    setFailed("");
    try {
      const done = await make(form, outputs);
      if (done) editor.change({ dialog: null, said: `Exported ${done}` });
    } catch (reason) {
      setFailed(String(reason instanceof Error ? reason.message : reason));
    }
    setBusy(null);
  };
  const make = async (form: Form, all: boolean): Promise<string> => {
    const wanted = form === "html" ? "html" : "svg";
    const file = await editor.ask<"EXPORTED">({ type: "EXPORT", form: wanted, outputs: all });
    if (file === null) return "";
    if (form === "print") print(file.text);
    else if (form === "png") save(file.name.replace(/svg$/, "png"), await asPng(file.text, SHARP));
    else save(file.name, new Blob([file.text], { type: file.media_type }));
    return form === "print" ? "to the printer" : file.name;
  };
  return (
    <DialogFrame title="Export">
      <div className="fb-dialog-body">
        <ul className="fb-choices">
          {FORMS.map(([form, name, help]) => (
            <li key={form}>
              <button
                type="button"
                data-form={form}
                aria-busy={busy === form}
                disabled={busy !== null}
                onClick={() => void take(form)}
              >
                <strong>{name}</strong>
                <span>{help}</span>
              </button>
            </li>
          ))}
        </ul>
        <label className="fb-check">
          <input
            type="checkbox"
            checked={outputs}
            disabled={!ran}
            onChange={(event) => setOutputs(event.currentTarget.checked)}
          />
          In a page, show what the nodes gave in this run
        </label>
        {!ran && (
          <p className="fb-faint">The flow has not run yet: there are no results to show.</p>
        )}
        {failed !== "" && (
          <p className="fb-bad" role="alert">
            {failed}
          </p>
        )}
      </div>
    </DialogFrame>
  );
}
