import { useCallback } from "react";
import { useEditor } from "../../view/useEditor";

/** Puts a text into the clipboard, and tells so: `Copied the path`. */
export function useCopy(): (text: string, what: string) => void {
  const editor = useEditor();
  return useCallback(
    (text, what) => {
      const done =
        navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
      done.then(
        () => editor.say(`Copied ${what}`),
        () => editor.say("The browser does not let this page copy"),
      );
    },
    [editor],
  );
}
