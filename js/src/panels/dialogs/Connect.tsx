import {
  type KeyboardEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { wired } from "../../editor/wiring";
import type { NodeView, Target } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import "./connect.css";

/** Where an output of a node is to lead: every input there is, and why some may not be had. */
export function Connect({ node }: { readonly node: string }) {
  const editor = useEditor();
  const view = editor.node(node);
  const before = useRef(document.activeElement);
  const close = () => {
    editor.change({ dialog: null });
    const element = before.current as HTMLElement | null;
    if (element?.isConnected && element !== document.body) element.focus();
    else editor.surface.focus(node);
  };
  if (view === undefined) return null;
  return (
    <div
      className="fb-veil"
      onPointerDown={(event) => event.target === event.currentTarget && close()}
    >
      <Window view={view} onClose={close} />
    </div>
  );
}

interface WindowProps {
  readonly view: NodeView;
  readonly onClose: () => void;
}

function Window({ view, onClose }: WindowProps) {
  const editor = useEditor();
  const [output, setOutput] = useState(view.outputs[0] ?? "");
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const targets = useTargets(view.name, output);
  const shown = useMemo(() => matching(targets ?? [], text), [targets, text]);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  useLayoutEffect(() => field.current?.focus(), []);

  const choose = async (target: Target | undefined) => {
    if (target === undefined) return;
    if (target.refused !== "") return editor.say(target.refused);
    const done = await editor.edit(
      wired({ node: view.name, port: output }, target, editor.node(target.node), null),
    );
    if (done !== null) onClose();
  };
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    const last = shown.length - 1;
    if (event.key === "Escape") onClose();
    else if (event.key === "ArrowDown") setAt(Math.min(at + 1, last));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter") void choose(shown[at]);
    else return;
    event.preventDefault();
  };
  const option = (index: number) => `${list}-${index}`;
  return (
    <div
      className="fb-window"
      role="dialog"
      aria-modal="true"
      aria-label={`Connect ${view.name}`}
      onKeyDown={key}
    >
      <h2>Connect {view.name}</h2>
      {view.outputs.length > 1 && (
        <label className="fb-connect-output">
          Output
          <select
            value={output}
            onChange={(event) => {
              setOutput(event.currentTarget.value);
              setAt(0);
            }}
          >
            {view.outputs.map((one) => (
              <option key={one} value={one}>
                {view.ports[one]?.label || one}
              </option>
            ))}
          </select>
        </label>
      )}
      <input
        ref={field}
        className="fb-connect-field"
        type="text"
        role="combobox"
        aria-label="To which input"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={shown.length > 0 ? option(at) : undefined}
        placeholder="Node or input"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <Options id={list} at={at} option={option} shown={shown} onChoose={choose} />
      <p className="fb-faint" role="status">
        {targets === null ? "Asking …" : `${shown.length} of ${targets.length} inputs`}
      </p>
    </div>
  );
}

interface OptionsProps {
  readonly id: string;
  readonly at: number;
  readonly shown: readonly Target[];
  readonly option: (index: number) => string;
  readonly onChoose: (target: Target) => void;
}

function Options({ id, at, shown, option, onChoose }: OptionsProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <div ref={list} id={id} role="listbox" aria-label="Inputs" className="fb-connect-list">
      {shown.map((one, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
        <div
          key={`${one.node}.${one.input}`}
          id={option(i)}
          role="option"
          tabIndex={-1}
          aria-selected={i === at}
          aria-disabled={one.refused !== ""}
          className="fb-connect-option"
          onClick={() => onChoose(one)}
        >
          <span className="fb-connect-name">
            <strong>{one.node}</strong>
            {one.input === "" ? " (new input)" : `.${one.input}`}
          </span>
          <span className="fb-connect-why">
            {one.refused !== ""
              ? `⊘ ${one.refused}`
              : one.replaces !== ""
                ? `instead of ${one.replaces}`
                : ""}
          </span>
        </div>
      ))}
    </div>
  );
}

/** What may be had first; then the rest, which says why not. */
export function matching(targets: readonly Target[], text: string): Target[] {
  const wanted = text.trim().toLowerCase();
  return targets
    .filter((one) => `${one.node}.${one.input}`.toLowerCase().includes(wanted))
    .sort((a, b) => Number(a.refused !== "") - Number(b.refused !== ""));
}

/** null while nobody has answered. */
function useTargets(source: string, output: string): readonly Target[] | null {
  const editor = useEditor();
  const [targets, setTargets] = useState<readonly Target[] | null>(null);
  useEffect(() => {
    let gone = false;
    setTargets(null);
    void editor.ask<"TARGETS">({ type: "TARGETS", source, output }).then((answer) => {
      if (!gone) setTargets(answer?.targets ?? []);
    });
    return () => {
      gone = true;
    };
  }, [editor, source, output]);
  return targets;
}
