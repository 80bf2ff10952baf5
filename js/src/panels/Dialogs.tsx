import { useLayoutEffect, useRef } from "react";
import type { Dialog } from "../editor/dialog";
import { useEditorState } from "../view/useEditor";
import { Connect } from "./dialogs/Connect";
import { Menu } from "./dialogs/Menu";
import { Part } from "./Part";

/**
 * The window that is open over the canvas, if any. Whoever had the focus before gets it back, also
 * when one window gave way to another; if that is gone by then, the view itself.
 */
export function Dialogs() {
  const dialog = useEditorState((state) => state.dialog);
  const place = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null);
  const open = dialog !== null;
  if (open && before.current === null) before.current = focused(place.current);
  useLayoutEffect(() => {
    if (open) return;
    const was = before.current;
    before.current = null;
    if (was === null || !lost(place.current)) return;
    const back = was.isConnected ? was : place.current?.closest(".fb-root");
    if (back instanceof HTMLElement || back instanceof SVGElement) back.focus();
  }, [open]);
  return <div ref={place}>{dialog !== null && <Open dialog={dialog} />}</div>;
}

function Open({ dialog }: { readonly dialog: Dialog }) {
  switch (dialog.kind) {
    case "menu":
      return <Menu key={`${dialog.x} ${dialog.y}`} x={dialog.x} y={dialog.y} />;
    case "connect":
      return <Connect node={dialog.node} />;
    case "versions":
      return <Part>{({ VersionsDialog }) => <VersionsDialog />}</Part>;
    case "export":
      return <Part>{({ ExportDialog }) => <ExportDialog />}</Part>;
    case "add":
      return <Part>{({ AddDialog }) => <AddDialog dialog={dialog} />}</Part>;
    case "find":
      return <Part>{({ FindDialog }) => <FindDialog />}</Part>;
    case "commands":
      return <Part>{({ CommandsDialog }) => <CommandsDialog />}</Part>;
    case "keys":
      return <Part>{({ KeysDialog }) => <KeysDialog />}</Part>;
    case "rename":
      return null; // on the card itself
  }
}

/** In the page or, where the canvas is in a shadow tree, in that. */
function focused(place: HTMLElement | null): Element | null {
  const root = place?.getRootNode();
  return root instanceof ShadowRoot ? root.activeElement : document.activeElement;
}

/** Nobody has the focus, as when what had it went away. */
function lost(place: HTMLElement | null): boolean {
  const has = focused(place);
  return has === null || has === document.body || !has.isConnected;
}
