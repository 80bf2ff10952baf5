/** Files that are dragged from JupyterLab's file browser onto a canvas become nodes. */
import { PathExt } from "@jupyterlab/coreutils";
import type { Contents } from "@jupyterlab/services";
import type { Drag } from "@lumino/dragdrop";
import type { FlowView } from "./flowView";

/** What JupyterLab's file browser drags: paths, as the server has them. */
const FILES = "application/x-jupyter-icontents";
const OVER = "fb-mod-drop";

export function takeFiles(content: FlowView, contents: Contents.IManager): void {
  const { node } = content;
  const taken = (event: Event): Drag.Event | null => {
    const drag = event as Drag.Event;
    if (!drag.mimeData?.hasData(FILES) || content.handle === null) return null;
    event.preventDefault();
    event.stopPropagation(); // the area around would open the file in a tab
    return drag;
  };
  node.addEventListener("lm-dragenter", (event) => {
    if (taken(event) !== null) node.classList.add(OVER);
  });
  node.addEventListener("lm-dragleave", (event) => {
    const to = event as Drag.Event;
    if (!node.contains(to.relatedTarget as Node | null)) node.classList.remove(OVER);
  });
  node.addEventListener("lm-dragover", (event) => {
    const drag = taken(event);
    if (drag !== null) drag.dropAction = drag.proposedAction;
  });
  node.addEventListener("lm-drop", (event) => {
    node.classList.remove(OVER);
    const drag = taken(event);
    if (drag === null) return;
    drag.dropAction = drag.proposedAction;
    const folder = PathExt.dirname(contents.localPath(content.context.path));
    const paths = (drag.mimeData.getData(FILES) as readonly string[]).map((path) =>
      PathExt.relative(folder, contents.localPath(path)),
    );
    content.handle?.bring(paths, { x: drag.clientX, y: drag.clientY });
  });
}
