import { useEffect } from "react";
import type { Editor } from "../editor/editor";
import { late } from "./late";
import { load } from "./whole";

const more = late("more", load);

/** Draws something of the part that is loaded later. */
export const Part = more.Part;

const SOON_MS = 300;

/** Load the part once the canvas stands, so that a window opens at the first key and loses no letter. */
export function usePartSoon(editor: Editor): void {
  useEffect(() => {
    const timer = setTimeout(
      () => void more.fetched(editor).catch(() => {}),
      editor.still ? 0 : SOON_MS,
    );
    return () => clearTimeout(timer);
  }, [editor]);
}
