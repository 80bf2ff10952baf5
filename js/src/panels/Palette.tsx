import { type DragEvent, useLayoutEffect, useRef, useState } from "react";
import { insert } from "../editor/adding";
import { families, kindsFor, usedLately } from "../model/kinds";
import type { KindView } from "../protocol/generated";
import { KIND_MIME } from "../view/drag";
import { Icon } from "../view/icons";
import { lookOf } from "../view/kinds";
import { useRemembered } from "../view/remembered";
import { rove } from "../view/roving";
import { useEditor } from "../view/useEditor";
import { useKinds } from "../view/useKinds";
import { selectFlow, useStore } from "../view/useStore";
import { LATELY } from "./dialogs/AddDialog";
import { KindLine } from "./KindLine";

/** Kinds with a button of their own, where they are there. */
const QUICK: readonly (readonly [kind: string, label: string])[] = [
  ["router", "Router"],
  ["llm_chat", "LLM Chat"],
  ["call", "Sub-Flow"],
  ["map", "Map"],
];
const NONE: readonly string[] = [];

/** Every kind of node there is, to be dragged onto the canvas or added with a click. */
export function Palette() {
  const editor = useEditor();
  const kinds = useKinds();
  const locked = useStore(editor.store, selectFlow)?.locked ?? "";
  const [query, setQuery] = useState("");
  const [lately, setLately] = useRemembered(LATELY, NONE);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  if (kinds === null) return <p className="fb-none">Asking which kinds there are…</p>;

  const add = async (kind: KindView | undefined) => {
    const why = kind === undefined ? "No such kind." : locked || kind.missing;
    if (kind === undefined || why !== "") return editor.say(why);
    setLately(usedLately(lately, kind.kind));
    await insert(editor, kind.kind);
  };
  const found = kindsFor(query, kinds);
  const groups = query.trim() === "" ? families(kinds, lately) : [{ title: "Found", kinds: found }];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset draws a frame of its own
    <div
      className="fb-palette"
      role="group"
      aria-label="Kinds of nodes"
      onKeyDown={(event) => {
        const typing = event.target === field.current;
        if (typing && event.key === "Enter") void add(found[0]);
        else if (!typing || event.key === "ArrowDown") rove(event, "input, .fb-kinds button");
      }}
    >
      <Quick kinds={kinds} locked={locked} onAdd={(kind) => void add(kind)} />
      <input
        ref={field}
        className="fb-search"
        type="search"
        aria-label="Search kinds of nodes"
        placeholder="Search kinds"
        spellCheck={false}
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <div className="fb-kinds">
        {groups.map((group) => (
          <section key={group.title} aria-label={group.title}>
            <h3>{group.title}</h3>
            <ul>
              {group.kinds.map((kind) => (
                <li key={kind.kind}>
                  <KindButton kind={kind} locked={locked} onAdd={() => void add(kind)} />
                </li>
              ))}
            </ul>
          </section>
        ))}
        {found.length === 0 && <p className="fb-none">No kind fits “{query}”.</p>}
      </div>
    </div>
  );
}

interface QuickProps {
  readonly kinds: readonly KindView[];
  readonly locked: string;
  readonly onAdd: (kind: KindView) => void;
}

function Quick({ kinds, locked, onAdd }: QuickProps) {
  const there = QUICK.flatMap(([name, label]) => {
    const kind = kinds.find((one) => one.kind === name);
    return kind === undefined ? [] : [{ kind, label }];
  });
  return (
    <div className="fb-quick">
      {there.map(({ kind, label }) => (
        <button
          key={label}
          type="button"
          className="fb-chip"
          title={locked || kind.summary}
          aria-disabled={locked !== "" || undefined}
          onClick={() => onAdd(kind)}
        >
          <Icon name={lookOf(kind.kind).icon} size={13} /> + {label}
        </button>
      ))}
    </div>
  );
}

interface KindButtonProps {
  readonly kind: KindView;
  readonly locked: string;
  readonly onAdd: () => void;
}

function KindButton({ kind, locked, onAdd }: KindButtonProps) {
  const why = locked || kind.missing;
  return (
    <button
      type="button"
      className="fb-kind-row"
      draggable={why === ""}
      title={why || kind.summary}
      aria-disabled={why !== "" || undefined}
      onDragStart={(event: DragEvent) => {
        event.dataTransfer.setData(KIND_MIME, kind.kind);
        event.dataTransfer.effectAllowed = "copy";
      }}
      onClick={onAdd}
    >
      <KindLine kind={kind} />
    </button>
  );
}
