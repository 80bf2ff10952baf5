/** What the parts of the inspector share: the form of a node, drafts, one view's questions. */
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { type Draft, Drafts } from "../../editor/drafts";
import type { Editor } from "../../editor/editor";
import type { Form, KernelMessage } from "../../protocol/generated";
import { useEditor } from "../../view/useEditor";
import { selectFlow, useStore } from "../../view/useStore";

export function useDrafts(): Drafts {
  return Drafts.of(useEditor());
}

export function useDraft(key: string): Draft | undefined {
  const drafts = useDrafts();
  return useSyncExternalStore(drafts.subscribe, () => drafts.get(key));
}

export type Question = Parameters<Editor["ask"]>[0];
type Answer = Exclude<Extract<KernelMessage, { readonly rid: number }>, { type: "REFUSED" }>;

export interface Asked<T> {
  readonly answer: T | null;
  readonly failed: string;
}

/** Ask again whenever the flow or `words` change; null: there is nothing to ask. */
export function useAnswer<A extends Answer["type"]>(
  question: Question | null,
  pause = 0,
): Asked<Extract<Answer, { type: A }>> {
  const editor = useEditor();
  const flow = useStore(editor.store, selectFlow);
  const run = useStore(editor.store, (state) => state.run?.verdict);
  const [found, setFound] = useState<Asked<Extract<Answer, { type: A }>>>(NOTHING);
  const words = JSON.stringify(question);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the words are the question; flow and run change what it is answered
  useEffect(() => {
    if (question === null) return setFound(NOTHING);
    let wanted = true;
    const timer = setTimeout(() => {
      editor.session.request<A>(question).then(
        (answer) => wanted && setFound({ answer, failed: "" }),
        (failure) => wanted && setFound((was) => ({ ...was, failed: String(failure.message) })),
      );
    }, pause);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [editor, flow, run, words, pause]);
  return found;
}

const NOTHING = { answer: null, failed: "" };

/** The form of a node, asked again when the flow changes; drafts that it has by then are let go. */
export function useForm(node: string): Asked<Form> {
  const drafts = useDrafts();
  const question = useMemo((): Question => ({ type: "FORM", node }), [node]);
  const found = useAnswer<"FORM">(question);
  const { answer } = found;
  useEffect(() => {
    if (answer !== null) drafts.arrived(`${node}/`, performance.now());
  }, [drafts, node, answer]);
  useEffect(() => () => drafts.flush(`${node}/`), [drafts, node]);
  return found;
}

/** Whose setting is being edited, for what is deep inside of it. */
export interface Place {
  readonly node: string;
  readonly setting: string;
  readonly names: ReadonlySet<string>;
}

export const PlaceContext = createContext<Place>({ node: "", setting: "", names: new Set() });

export function usePlace(): Place {
  return useContext(PlaceContext);
}
