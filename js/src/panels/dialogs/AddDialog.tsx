import { useState } from "react";
import { insert, type Where } from "../../editor/adding";
import type { Dialog } from "../../editor/dialog";
import { families, kindsFor, usedLately } from "../../model/kinds";
import type { KindView } from "../../protocol/generated";
import { recall, remember } from "../../view/remembered";
import { useShell } from "../../view/shell";
import { useEditor } from "../../view/useEditor";
import { useKinds } from "../../view/useKinds";
import { KindLine } from "../KindLine";
import { Chooser } from "./Chooser";
import { closed, DialogFrame } from "./DialogFrame";

export const LATELY = "kinds";

interface AddDialogProps {
  readonly dialog: Extract<Dialog, { kind: "add" }>;
}

interface Choice {
  readonly kind: KindView;
  readonly family: string;
}

/** Which kind of node to add: type, choose, and it is there, wired to where one came from. */
export function AddDialog({ dialog }: AddDialogProps) {
  const editor = useEditor();
  const shell = useShell();
  const kinds = useKinds();
  const [query, setQuery] = useState("");
  const choose = async ({ kind }: Choice) => {
    await closed(editor);
    remember(LATELY, usedLately(recall(LATELY, []), kind.kind));
    const node = await insert(editor, kind.kind, dialog);
    if (node !== null) shell.open(node);
  };
  return (
    <DialogFrame title={titleOf(dialog)} shape="wide">
      <Chooser<Choice>
        label="What should it do?"
        query={query}
        onQuery={setQuery}
        items={choices(kinds ?? [], query)}
        keyOf={({ kind, family }) => `${family} ${kind.kind}`}
        heading={({ family }) => family}
        row={({ kind }) => <KindLine kind={kind} />}
        disabled={({ kind }) => kind.missing}
        onChoose={(one) => void choose(one)}
        empty={kinds === null ? "Asking which kinds there are…" : `No kind fits “${query}”.`}
      />
    </DialogFrame>
  );
}

/** By family while nothing is typed, then the best first. */
function choices(kinds: readonly KindView[], query: string): readonly Choice[] {
  if (query.trim() !== "") return kindsFor(query, kinds).map((kind) => ({ kind, family: "" }));
  return families(kinds, recall(LATELY, [])).flatMap(({ title, kinds: ones }) =>
    ones.map((kind) => ({ kind, family: title })),
  );
}

function titleOf({ on, after }: Where): string {
  if (on !== undefined) return `Add a node before ${on.target}.${on.input}`;
  return after === undefined ? "Add a node" : `Add a node after ${after.node}.${after.port}`;
}
