/** What of the canvas's own code is loaded when it is first wanted: once for all canvases of a page. */
import { type ReactNode, useEffect, useState } from "react";
import type { Editor } from "../editor/editor";
import { RefusedQuestion } from "../host/session";
import { useEditor } from "../view/useEditor";

export interface Late<P> {
  /** Draws something of the part. */
  readonly Part: (props: { readonly children: (parts: P) => ReactNode }) => ReactNode;
  readonly fetched: (editor: Editor) => Promise<P>;
}

/** The part of that name; `load` makes a module of its text. */
export function late<P>(name: string, load: (text: () => Promise<string>) => Promise<P>): Late<P> {
  let parts: P | null = null;
  let loading: Promise<P> | null = null;

  async function fetched(editor: Editor): Promise<P> {
    loading ??= load(async () => {
      const { text } = await editor.session.request<"PART">({ type: "PART", name });
      return text;
    });
    try {
      parts = await loading;
    } catch (failure) {
      loading = null; // the next one who wants it asks again
      throw failure;
    }
    return parts;
  }

  function Part({ children }: { readonly children: (parts: P) => ReactNode }) {
    const editor = useEditor();
    const [there, setThere] = useState(() => parts);
    useEffect(() => {
      if (there !== null) return;
      let wanted = true;
      fetched(editor).then(
        (found) => wanted && setThere(() => found),
        (failure) => {
          if (failure instanceof RefusedQuestion) editor.store.change({ refused: failure.refused });
          else console.error(failure);
        },
      );
      return () => {
        wanted = false;
      };
    }, [editor, there]);
    if (there !== null) return children(there);
    return (
      <p className="fb-faint" aria-busy="true">
        Loading…
      </p>
    );
  }
  return { Part, fetched };
}
