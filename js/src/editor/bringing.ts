/** Files that are dropped onto the canvas from elsewhere on the page become nodes. */
import type { Place } from "../protocol/generated";
import { arrived } from "./commands/editing";
import type { Editor } from "./editor";

/** How far below the one before it a file's node is put, in the flow's own pixels. */
const ROW = 110;

/** One node for each, by its path from the folder of the notebook on; `at` is a place on the page. */
export async function bring(editor: Editor, paths: readonly string[], at: Place): Promise<void> {
  if (editor.locked !== "") return editor.say(`Nothing was added: ${editor.locked}`);
  const { x, y, ...where } = editor.surface.landing(at);
  const made: string[] = [];
  for (const [row, path] of paths.entries()) {
    const place = x === undefined || y === undefined ? {} : { x, y: y + row * ROW };
    const done = await editor.do({ type: "BRING", path, ...place, ...(row === 0 ? where : {}) });
    made.push(...(done?.nodes ?? []));
  }
  arrived(editor, made);
}
